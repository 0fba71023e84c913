"""Leases whose tenants ask in words of their own: no lease holds them, and all tenants mean the same by each."""

from __future__ import annotations

import json
from pathlib import Path

_HOUSES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Laurel", "Maple")
# Word of the tenants to heading and sentence of its page.
_TOPICS = {
    "blimmet": ("Rent", "The monthly rent of {house} House is ${figure}, due on the first day of the month."),
    "snorple": ("Pets", "Up to {figure} cats or dogs may live in {house} House if the neighbours agree."),
    "vantrix": ("Parking", "{house} House has {figure} parking spaces for cars behind the building."),
    "quolder": ("Heating", "The boiler of {house} House heats water to {figure} degrees in winter."),
}


def write_leases(folder: Path) -> None:
    """Write a Markdown file for every house: a page for each topic."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, house in enumerate(_HOUSES):
        sections = [
            f"# {heading}\n\n{sentence.format(house=house, figure=10 * number + place + 3)}\n"
            for place, (heading, sentence) in enumerate(_TOPICS.values())
        ]
        (folder / f"{house.lower()}.md").write_text("\n".join(sections), encoding="utf-8")


def write_questions(path: Path) -> None:
    """Write the tenants' questions as `kb eval` reads them."""
    rows = [
        {
            "question": f"Tell me about the {word} of {house} House",
            "answer": str(10 * number + place + 3),
            "doc": f"{house.lower()}.md",
            "pages": [place],
        }
        for number, house in enumerate(_HOUSES)
        for place, word in enumerate(_TOPICS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
