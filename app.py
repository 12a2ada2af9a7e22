"""Answerdesk: `streamlit run app.py` serves `app` below, and the same file draws every screen.

Outside a script run this module makes the server's application; inside one it draws the page that
the person asked for, among those that their roles admit.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.review.access import REVIEWERS
from core.types import Person, Role
from pages import ASSETS, desk
from pages.parts import account, conversation_list, review_waiting, session

HOME = "pages/chat.py"
REVIEW = "pages/review.py"
ROOT = "home"
SIGN_IN = "pages/sign_in.py"
# One row a page: its file, its title, its icon and the roles that admit (none named: everybody).
PAGES: list[tuple[str, str, str, frozenset[Role]]] = [
    (HOME, "Chat", ":material/forum:", frozenset()),
    ("pages/documents.py", "Documents", ":material/description:", frozenset()),
    (REVIEW, "Review", ":material/rule:", REVIEWERS),
    ("pages/spend.py", "Spend", ":material/payments:", frozenset({Role.MANAGER, Role.ADMINISTRATOR})),
    ("pages/audit.py", "Audit", ":material/policy:", frozenset({Role.AUDITOR})),
    ("pages/operations.py", "Operations", ":material/tune:", frozenset({Role.ADMINISTRATOR})),
]


def draw() -> None:
    """One run of the script."""
    st.set_page_config(page_title="Answerdesk", page_icon=str(ASSETS / "mark.svg"))
    person = session.person(desk().identity)
    # Called on every run: without it the legacy router would serve the files of pages/ itself.
    if person is None:
        st.navigation(_sign_in_pages(), position="hidden").run()
        return
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))
    pages = _pages_of(person)
    page = st.navigation(pages)
    conversation_list.draw(desk(), person, home=pages[0])
    account.draw(desk(), person)
    page.run()


def _sign_in_pages() -> list[st.Page]:
    # Every address leads to the sign-in, so that it is still there when the person is in.
    paths = [_path(file) for file, *_ in PAGES]
    return [
        st.Page(SIGN_IN, title="Sign in", default=True),
        *(st.Page(SIGN_IN, title="Sign in", url_path=path) for path in paths),
    ]


def _pages_of(person: Person) -> list[st.Page]:
    root, titles = {HOME: ROOT}, {REVIEW: review_waiting.title(desk(), person)}
    pages = [
        st.Page(file, title=titles.get(file, title), icon=icon, default=file == HOME, url_path=root.get(file))
        for file, title, icon, roles in PAGES
        if not roles or roles & person.roles
    ]
    # The page at the root answers to its own address too.
    return [*pages, st.Page(HOME, title="Chat", url_path=_path(HOME), visibility="hidden")]


def _path(file: str) -> str:
    return file.removeprefix("pages/").removesuffix(".py")


if get_script_run_ctx(suppress_warning=True) is not None:
    draw()
else:
    from pages.parts.server import lifespan, routes

    app = st.App(__file__, lifespan=lifespan, routes=routes())
