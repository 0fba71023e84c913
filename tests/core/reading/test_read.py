"""Kinds of questions read as a whole: yes or no, what is not so, what a section says, what a table computes."""

from __future__ import annotations

import pytest

from core.blocks import Block, Cell
from core.reading.passages import Passage
from core.reading.read import Reading, read

FAQ = """Is there a swimming pool?

No. Members may use the pool of Harbour Baths at half price.

Do I need a towel?

Yes, please always use a towel on the machines.

Attendance

Attendance at lectures is voluntary. Laptops are not allowed in the examination.

Allergens

The focaccia and the rye loaf contain no milk.
"""
POLICY = """Travel policy

1 Purpose

This policy explains which expenses the company reimburses when employees travel.

2 Booking

2.1 Flights

Employees book economy class for short flights.

2.2 Hotels

The company pays for hotels up to a limit.

3 What is not covered

The company does not reimburse:

- minibar and pay television
- travel insurance bought privately
- gym and spa fees

4 Contact

Questions go to the finance department.
"""
ACCOUNTS = """Income statement (in thousands of pounds)

2023 2022
Revenue 612,400 548,900
Gross profit 214,340 186,630
"""


def reading(question: str, *pages: tuple[str, str]) -> Reading:
    passages = [Passage(key=f"k{at}", source=source, text=text) for at, (source, text) in enumerate(pages)]
    return read(question, passages)


@pytest.mark.parametrize(
    ("question", "polarity"),
    [
        ("Is there a swimming pool?", "no"),
        ("Do I need a towel?", "yes"),
        ("Do I have to attend lectures?", "no"),
        ("Are laptops allowed in the examination?", "no"),
        ("Is the focaccia free of milk?", "yes"),
    ],
)
def test_yes_or_no_is_told_by_what_the_documents_say(question: str, polarity: str) -> None:
    found = reading(question, ("faq.md, p. 1", FAQ))
    assert found.polarity == polarity
    assert not found.short_answer.endswith("?")


@pytest.mark.parametrize("question", ["Please read section 2.", "What does section 2 of the travel policy say?"])
def test_a_section_is_read_whole_with_what_is_under_it(question: str) -> None:
    other = ("syllabus.pdf, p. 1", "2 Least squares\n\nThe second week treats least squares.\n\n3 Inference\n")
    found = reading(question, ("travel-policy.pdf, p. 1", POLICY), other)
    assert found.kind == "section"
    assert "economy class" in found.short_answer and "up to a limit" in found.short_answer
    assert "minibar" not in found.short_answer


def test_no_table_or_list_stands_in_for_a_section() -> None:
    assert reading("Please read section 9.", ("travel-policy.pdf, p. 1", POLICY)).kind in ("", "sentence")


def test_what_is_not_so_is_read_from_a_sentence_that_denies() -> None:
    found = reading("What does the company not reimburse?", ("travel-policy.pdf, p. 1", POLICY))
    assert "minibar" in found.short_answer and "gym" in found.short_answer


def test_a_ratio_asked_by_name_names_its_cells() -> None:
    found = reading("What was the gross margin in 2023?", ("accounts.pdf, p. 1", ACCOUNTS))
    assert found.short_answer == "35%"
    assert [ACCOUNTS[quote.start : quote.end] for quote in found.computed_from] == ["214,340", "612,400"]


def test_a_person_is_found_by_the_post() -> None:
    text = "Visitors report to the office. The Harbour Master, Elin Roe, keeps the register of moorings."
    found = reading("Who is the Harbour Master?", ("rules.pdf, p. 1", text))
    assert found.short_answer == "Elin Roe"
    assert found.answers and not found.possible


def test_a_sentence_about_another_year_and_a_heading_do_not_answer() -> None:
    text = (
        "Response\n\nIn 2021 the response rate was 71%. Of 640 employees 512 took part in 2023, a response rate of 80%."
    )
    assert reading("What was the response rate in 2023?", ("survey.md, p. 1", text)).short_answer == "80%"


def test_how_to_do_something_is_answered_by_all_steps() -> None:
    text = (
        "3.2 Milk foam\n\nFill the jug with milk. Open the valve. Stop at 65 degrees.\n\nCleaning\n\nEmpty the tray.\n"
    )
    assert reading("How do I make milk foam?", ("manual.md, p. 1", text)).short_answer.endswith("Stop at 65 degrees")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is step 2 of Start?", "2. Choose a gear 1. Press the pedal. 2. Move the lever."),
        ("What is step 2 of the stop procedure?", "2. Turn it off"),
        ("What is step 3?", "3. Go"),
    ],
)
def test_a_step_is_read_from_the_list_under_the_heading_that_the_question_names(question: str, answer: str) -> None:
    text = (
        "Start\n\n1. Turn the key.\n2. Choose a gear\n   1. Press the pedal.\n   2. Move the lever.\n3. Go\n\n"
        "Stop\n\n1. Brake\n2. Turn it off\n"
    )
    result = reading(question, ("engine.md, p. 1", text))
    assert (result.kind, result.short_answer, result.note) == ("section", answer, "")


def test_a_heading_that_is_not_there_has_no_step() -> None:
    assert reading("What is step 2 of Parking?", ("engine.md, p. 1", "1. Brake\n2. Turn it off\n")).kind != "section"


@pytest.mark.parametrize(
    ("question", "hours"),
    [
        ("When is the library open on Tuesday?", "10:00 - 18:00"),
        ("What are the hours on Wednesday?", "9:00 - 12:00"),
        ("When does it open on Sat?", "8:00 - 11:00"),
        ("When is it closed in September?", "1 - 9"),
    ],
)
def test_a_day_is_found_by_its_abbreviation_and_by_its_full_name(question: str, hours: str) -> None:
    text = "Library\n\nDay Hours\nTue 10:00 - 18:00\nWed 9:00 - 12:00\nSaturday 8:00 - 11:00\nSept closed 1 - 9\n"
    result = reading(question, ("hours.md, p. 1", text))
    assert result.answers
    assert hours in result.short_answer


def table_passage(*lines: tuple[str, ...]) -> Passage:
    """A page that is one table with a row of heads; a line of one cell spans all columns."""
    text, rows, width = "", [], max(map(len, lines))
    for line in lines:
        cells = []
        for piece in line:
            cells.append(Cell(start=len(text), end=len(text) + len(piece), column_span=width if len(line) == 1 else 1))
            text += f"{piece} "
        text = text[:-1] + "\n"
        rows.append(tuple(cells))
    block = Block(kind="table", start=0, end=len(text) - 1, rows=tuple(rows), head_rows=1)
    return Passage(key="k", source="access.pdf, p. 1", text=text, blocks=(block,))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the colour code of the shed?", "Green 7"),
        ("What is the colour code of the gate?", "Amber 12"),
        ("Which codes are there?", "Gate, Shed"),
        ("When do all codes reset?", "All codes reset at midnight"),
    ],
)
def test_a_note_across_a_table_is_neither_a_row_nor_the_label_of_the_next(question: str, answer: str) -> None:
    passage = table_passage(
        ("Door", "Colour code"), ("Gate", "Amber 12"), ("All codes reset at midnight.",), ("Shed", "Green 7")
    )
    assert read(question, [passage]).short_answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Wann ist Weber ausgetreten?", "31.12.2023"), ("Wann ist Jan Kurz in die Firma eingetreten?", "15.09.2021")],
)
def test_a_cell_answers_a_question_in_another_language(question: str, answer: str) -> None:
    passage = table_passage(
        ("Name", "Abteilung", "Eintritt", "Austritt"),
        ("Anna Weber", "Einkauf", "01.04.2019", "31.12.2023"),
        ("Jan Kurz", "Lager", "15.09.2021", "30.06.2024"),
    )
    result = read(question, [passage])
    assert result.answers
    assert result.short_answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When are the codes of the shed reset?", "daily"),
        ("When do codes reset at the gate?", "Tuesdays"),
        ("When do all codes reset?", "All codes reset at midnight"),
        ("When do codes reset in the cellar?", "All codes reset at midnight"),
    ],
)
def test_the_row_that_is_asked_for_comes_before_a_note_across_the_table(question: str, answer: str) -> None:
    passage = table_passage(
        ("Door", "Colour code", "Reset"),
        ("Gate", "Amber 12", "Tuesdays"),
        ("Shed", "Green 7", "daily"),
        ("All codes reset at midnight.",),
    )
    assert read(question, [passage]).short_answer == answer


def test_a_note_answers_where_no_column_does() -> None:
    passage = table_passage(("Door", "Keeper"), ("Gate", "Ada Holm"), ("All codes reset at midnight.",))
    assert read("When do codes reset at the gate?", [passage]).short_answer == "All codes reset at midnight"


def test_the_number_of_a_page_is_not_that_of_a_section() -> None:
    rules = "4. Repairs\n\n4.1 The roof is ours.\n\n4.2 Boilers wait two days."
    other = "6. Keys\n\nThree sets of keys are handed out."
    passages = [
        Passage(key="b2b2b", source="lease.md, p. 4", text=other),
        Passage(key="b2b2c", source="lease.md, p. 3", text=rules),
    ]
    reading = read("What are the items of section 4?", passages)
    assert (reading.kind, len(reading.computed_from)) == ("list", 2)


def test_a_word_of_a_title_that_the_other_documents_speak_of_names_no_document() -> None:
    sources = (
        "circular.pdf, p. 1 | Council Circular: changes",
        "handbook.pdf, p. 3 | Handbook",
        "handbook.pdf, p. 4 | Handbook",
    )
    texts = (
        "The parking fee is 4 crowns from March on.",
        "The Council has eleven members. The chair of the Council is Hedda Ile.",
        "The Council meets in June.",
    )
    assert reading("Who is the chair of the Council?", *zip(sources, texts, strict=True)).short_answer == "Hedda Ile"


def test_a_word_of_a_title_that_no_other_document_has_names_its_document() -> None:
    pages = (
        ("acme.pdf, p. 1 | Acme report", "The chair is Ivo Lund."),
        ("bolt.pdf, p. 1 | Bolt report", "The chair is Ada Holm."),
    )
    assert reading("Who is the chair of Bolt?", *pages).short_answer == "Ada Holm"


def test_passages_are_ordered_by_what_they_answer() -> None:
    passages = [Passage(key="b2c3d", source="a", text="The quay was built in 1931. It has two cranes.")]
    passages += [Passage(key="c2c3d", source="b", text="Rain fell for two days.")]
    passages += [Passage(key="d2c3d", source="c", text="The northern quay is 62 metres long.")]
    places = read("How long is the northern quay?", passages).places
    assert sorted(place.passage for place in places) == [0, 1, 2]
    assert "62 metres" in passages[places[0].passage].text[places[0].start : places[0].end]
    assert [(place.passage, place.start) for place in read("", passages).places] == [(0, 0), (1, 0), (2, 0)]
