"""Plain HTML elements of a page. Text goes in as text, so that nothing in it is ever markup."""

from __future__ import annotations

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

# Drawn here, so that no icon font has to arrive before a button can be recognised.
_ICONS = {
    "attach": "M8 12.5l6.2-6.2a3 3 0 0 1 4.3 4.3l-8.4 8.4a5 5 0 0 1-7.1-7.1L11 3.9",
    "back": "M15 5l-7 7 7 7",
    "chat": "M4 5h16v11H9l-5 4z",
    "dark": "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
    "down": "M12 5v14M6 13l6 6 6-6",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "group": "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5"
    "a3.5 3.5 0 0 1 0 6M18 14a6.5 6.5 0 0 1 3.5 6",
    "leave": "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
    "search": "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
    "send": "M5 12h13M12 5.5l6.5 6.5-6.5 6.5",
    "slash": "M15 4L9 20",
}


def tag(name: str, classes: str = "", **attributes: object) -> Element:
    """Add an element; an attribute's underscores stand for hyphens."""
    return _dress(ui.element(name), classes, attributes)


def words(text: str, classes: str = "", name: str = "span", **attributes: object) -> Element:
    """Add an element that holds a text."""
    return _dress(TextElement(tag=name, text=text), classes, attributes)


def icon(name: str) -> Element:
    """Add one of our own pictograms; it takes the colour of the text around it."""
    path = f'<path d="{_ICONS[name]}"/>'
    attributes = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"'
    drawn = f'<svg {attributes} stroke-linecap="round" stroke-linejoin="round">{path}</svg>'
    return _dress(ui.html(drawn, sanitize=False, tag="span"), "zb-icon", {"aria_hidden": "true"})


def icon_button(name: str, label: str, classes: str = "", **attributes: object) -> Element:
    """Add a button that shows a pictogram and is called `label`."""
    button = tag("button", f"zb-tool {classes}", type="button", aria_label=label, **attributes)
    button.props["title"] = label
    with button:
        icon(name)
    return button


def _dress(element: Element, classes: str, attributes: dict[str, object]) -> Element:
    element.classes(classes)
    element.props.update({name.replace("_", "-"): value for name, value in attributes.items()})
    return element
