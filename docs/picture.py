"""Draws docs/demo.svg: a real run of three commands on the examples, as a terminal shows it.

Uses the collection `examples` that `make demo` fills.
"""

from __future__ import annotations

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
    ["ask", "What is the limit for wind on the ropeway?"],
    ["ask", "Which bank does the institute use?"],
]


def main() -> None:
    """Run the commands and write the picture."""
    console = Console(record=True, width=110, file=(HERE / "demo.txt").open("w"))
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
    console.save_svg(str(HERE / "demo.svg"), title="kb")
    (HERE / "demo.txt").unlink()


if __name__ == "__main__":
    main()
