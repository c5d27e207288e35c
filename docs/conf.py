"""The site: `make docs` writes docs/_build/html. Warnings are errors, and nothing is fetched, here or by a reader's browser."""

from __future__ import annotations

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOME / "src"), str(HOME / "docs")]

from upweight._version import __version__  # noqa: E402  (found on the path of the line above)

project = "upweight"
author = "the upweight authors"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]

source_suffix = {".md": "markdown", ".page": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "gallery", "made", "pictures", "tables", "**/README.md"]
templates_path = ["templates"]
nitpicky = False
default_role = "code"
show_warning_types = True

# ---- pages in Markdown ------------------------------------------------------------------------------------------------

myst_enable_extensions = [
    "attrs_block",
    "colon_fence",
    "deflist",
]  # directives stand between colons: tests/docs runs what stands between backticks
myst_heading_anchors = 4

# ---- pictures that pages are made of ----------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": "plot_",
    "subsection_order": [
        f"gallery/{field}"
        for field in (
            "weights",
            "rare_class",
            "negatives",
            "networks",
            "autoencoders",
            "shift",
            "policies",
            "rare_events",
        )
    ],
    "thumbnail_size": (560, 392),
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "show_memory": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
}

# ---- how it looks -----------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "upweight"
html_static_path = ["static"]
(HOME / "docs" / "made").mkdir(exist_ok=True)  # asked for before anything is made
html_extra_path = ["made"]  # the report of the home page
html_css_files = ["site.css", "gallery.css"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_show_search_summary = False  # a page opened as a file may not fetch others
html_baseurl = ""
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "start": [], "truth": []}
html_theme_options = {
    "logo": {"text": "upweight"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
add_module_names = False
python_maximum_signature_line_length = 88
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app) -> None:
    from extensions import blocks, demo_report, links, papers, reference, tables

    app.connect("builder-inited", demo_report.make_report)
    app.connect("builder-inited", papers.make_pages)
    app.connect("builder-inited", reference.make_pages)
    app.connect("builder-inited", tables.make_tables)
    app.connect("source-read", links.links_into_the_site)
    app.connect("source-read", blocks.without_last_blank_lines)
    app.connect("include-read", links.links_into_the_site)
