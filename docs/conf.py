"""Sphinx configuration: MyST pages, stored notebook outputs, pages generated from the registry and the errata."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

import boundcalc  # noqa: E402

project = "boundcalc"
author = "The boundcalc developers"
copyright = "The boundcalc developers, MIT licence"
version = release = boundcalc.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # no formula waits for a server
    "generated_pages",
]
exclude_patterns = ["_build", "notebooks/*.py", "benchmarks/*.json"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
root_doc = "index"

nb_execution_mode = "off"  # docs/run_notebooks.py executes them; the stored outputs are shown
nb_render_markdown_format = "myst"  # formulas and tables of outputs as on any page
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "boundcalc"
nitpicky = False
suppress_warnings = [
    "mystnb.unknown_mime_type",
    "ref.python",  # attributes such as `lower` exist in several classes
]
