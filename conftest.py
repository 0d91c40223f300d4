"""Doctests of the package and every code block of README and docs run with the tests."""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

_source = Sybil(parsers=[DocTestParser()], patterns=["src/lockgate/**/*.py"])
_manual = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["README.md", "docs/**/*.md"])
pytest_collect_file = (_source + _manual).pytest()
