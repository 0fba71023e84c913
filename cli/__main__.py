"""`python -m cli`: the command line where no `kb` script is installed."""

from cli.main import run

run()
