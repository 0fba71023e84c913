"""`python -m kb.cli`: the command line where no `kb` script is installed."""

from kb.cli.main import run

run()
