"""How the cores are shared between requests."""

from __future__ import annotations

from threadpoolctl import threadpool_limits


def one_core_each() -> None:
    """Small matrix products run on the thread that asks for them, in the whole process.

    Requests are what runs side by side: a product that spreads over all cores waits for each of them, on
    two busy cores 11 ms in place of 0.4.
    """
    threadpool_limits(1, user_api="blas")
