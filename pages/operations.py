"""Operations: how the providers are, who may come in, what limits there are, and how all is set."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.bootstrap import Desk
from core.types import Person, Role
from pages import desk, require
from pages.parts import (
    operations_cache,
    operations_confidence,
    operations_keys,
    operations_limits,
    operations_notice,
    operations_people,
    operations_providers,
    operations_settings,
)

# One row a section: only the one that is chosen is drawn.
SECTIONS: dict[str, Callable[[Desk, Person], None]] = {
    "Providers": operations_providers.draw,
    "Cache": operations_cache.draw,
    "Confidence": operations_confidence.draw,
    "People": operations_people.draw,
    "Keys": operations_keys.draw,
    "Limits": operations_limits.draw,
    "Settings": operations_settings.draw,
}


def main() -> None:
    """Draw the page."""
    person = require(Role.ADMINISTRATOR)
    st.set_page_config(layout="wide")
    st.title("Operations", anchor=False)
    section = st.segmented_control(
        "Section",
        list(SECTIONS),
        default="Providers",
        required=True,
        key="section",
        bind="query-params",
        label_visibility="collapsed",
    )
    operations_notice.draw()
    here = desk()
    if trouble := here.operations.limits.trouble(person):
        st.warning(trouble, icon=":material/warning:")
    SECTIONS[section or "Providers"](here, person)


main()
