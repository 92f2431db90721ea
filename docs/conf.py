"""How the documentation is built: ``make docs``."""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from passback.testing import all_rules

sys.path.insert(0, str(Path(__file__).parent))

project = "Passback"
author = "the Passback developers"
copyright = author  # noqa: A001 - Sphinx's own name for it

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "connector_pages",
]
html_theme = "furo"
html_title = "Passback"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autoclass_content = "class"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# A default that is a class or a factory says less than its name.
autodoc_preserve_defaults = True


class ConformanceRules(SphinxDirective):
    """Every rule of the conformance kit, in tables by what it is about."""

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        lines: list[str] = []
        subject = ""
        for rule in all_rules():
            if rule.subject != subject:
                subject = rule.subject
                lines += ["", f"**{subject}**", "", "| rule | |", "|---|---|"]
            lines.append(f"| `{rule.name}` | {rule.sentence} |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> None:
    """Add what makes pages from the code."""
    app.add_directive("conformance-rules", ConformanceRules)
