"""Draws docs/demo.svg: a real run of three commands on the examples, as a terminal shows it.

Uses the collection `examples` that `make demo` fills.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
KB = Path(sys.executable).parent / "kb"
FLAGS = ["--collection", "examples"]
COMMANDS = [
    ["ingest", "examples/handbook.pdf", "examples/manual.pdf", "examples/update.pdf"],
    ["ask", "How large was the approved budget in 2024?"],
    ["ask", "What is the coldest temperature ever measured on the island?"],
    ["ask", "Who composed the symphony of the seven whales?"],
]


def main() -> None:
    """Run the commands and write the picture."""
    console = Console(record=True, width=110, file=io.StringIO())
    for command in COMMANDS:
        shown = " ".join(f'"{part}"' if " " in part else part for part in command)
        console.print(Text(f"$ kb {shown}", style="bold green"))
        done = subprocess.run(
            [KB, *command, *FLAGS],
            cwd=HERE.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        console.print(Text(done.stdout))
    svg = console.export_svg(title="kb")
    # A picture in our own pages fetches no font from elsewhere.
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    (HERE / "demo.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
