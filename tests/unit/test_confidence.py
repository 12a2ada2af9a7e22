"""One number for how sure an answer is, and what a threshold on it means."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.calibration import (
    Judged,
    calibration_error,
    drift,
    fit,
    notches,
    threshold_for,
    with_decisions,
)
from core.answering.confidence import ConfidenceModel, Signs, read_model, straightened
from core.errors import ConfigurationError
from core.settings import ROOT

STRAIGHT = ((0.0, 0.0), (1.0, 1.0))
BY_EVIDENCE = ConfidenceModel(Signs(1.0, 0.0, 0.0, 0.0), 0.0, STRAIGHT)
SHIPPED = ROOT / "data" / "confidence.json"


def test_without_signs_nothing_is_certain() -> None:
    assert BY_EVIDENCE.probability(None) == 0.0


def test_an_unsupported_sentence_lowers_it() -> None:
    signs = Signs(3.0, 0.0, 0.0, 0.0)

    assert BY_EVIDENCE.probability(signs, support=0.5) == pytest.approx(BY_EVIDENCE.probability(signs) / 2)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_straightened_score_never_falls_as_it_rises(one: float, other: float) -> None:
    knots = ((0.1, 0.05), (0.4, 0.05), (0.4, 0.3), (0.8, 0.9))
    low, high = sorted((one, other))

    assert 0.05 <= straightened(low, knots) <= straightened(high, knots) <= 0.9


def test_the_shipped_model_is_surer_the_more_speaks_for_an_answer() -> None:
    model = read_model(SHIPPED)
    rest = {"late": 0.0, "words_first": 1.0, "gain": 0.3, "names": 1.0}

    weak = Signs(-3.0, -3.0, 0.1, 0.0, match=0.3, unnamed=1.0, left_out=0.9, unsaid=0.05, **rest)
    strong = Signs(5.0, -3.0, 1.0, 1.0, match=0.7, unnamed=0.0, left_out=0.1, unsaid=0.0, **rest)

    assert model.probability(weak) < 0.1
    assert model.probability(strong) > 0.95


@pytest.mark.parametrize(("sign", "more"), [("unnamed", 1.0), ("left_out", 1.0), ("unsaid", 0.1)])
def test_what_is_missing_from_an_answer_makes_the_shipped_model_doubt_it(sign: str, more: float) -> None:
    model = read_model(SHIPPED)
    held = replace(model.typical, **{sign: 0.0})

    assert model.score(replace(held, **{sign: more})) < model.score(held)


def test_signs_of_an_older_record_count_as_usual() -> None:
    """Neither for nor against: as if what was not known then were as it mostly is."""
    model = read_model(SHIPPED)
    older = Signs(2.0, -2.0, 0.9, 1.0)
    known = {name: value for name, value in asdict(older).items() if value is not None}

    assert model.score(older) == pytest.approx(model.score(replace(model.typical, **known)))


def test_a_file_that_is_older_than_some_signs_is_read(tmp_path: Path) -> None:
    """What it does not know has no weight."""
    file = tmp_path / "confidence.json"
    weights = {"evidence": 1.0, "rival": 0.0, "margin": 0.0, "agreement": 0.0}
    file.write_text(json.dumps({"weights": weights, "intercept": 0.0, "knots": STRAIGHT}))

    assert read_model(file) == BY_EVIDENCE
    assert BY_EVIDENCE.score(Signs(1.0, 0.0, 0.0, 0.0, match=9.0)) == BY_EVIDENCE.score(
        Signs(1.0, 0.0, 0.0, 0.0)
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"weights": {}, "intercept": 0, "knots": [[0, 0]]}',
        '{"weights": {"evidence": 1, "luck": 1}, "intercept": 0, "knots": [[0, 0]]}',
        "[]",
        '{"knots": []}',
    ],
)
def test_a_broken_model_file_stops_the_start_with_its_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "confidence.json"
    file.write_text(content)

    with pytest.raises(ConfigurationError, match=r"confidence\.json"):
        read_model(file)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "confidence.json"
    file.write_text(json.dumps(BY_EVIDENCE.to_json()))

    assert read_model(file) == BY_EVIDENCE


def made_up(count: int, seed: int) -> tuple[list[Signs], list[bool], list[str]]:
    rng = random.Random(seed)
    signs = [
        Signs(rng.gauss(0, 2), rng.gauss(0, 1), rng.random(), float(rng.random() < 0.5)) for _ in range(count)
    ]
    right = [rng.random() < 1 / (1 + 2.718 ** -(s.evidence - 0.5 * s.rival)) for s in signs]
    return signs, right, [str(i % 20) for i in range(count)]


def test_a_fitted_model_is_calibrated_on_what_it_has_not_seen() -> None:
    model, judged = fit(*made_up(2_000, seed=1))
    signs, right, _ = made_up(2_000, seed=2)

    chances = [model.probability(s) for s in signs]

    assert len(judged) == 2_000
    assert calibration_error(chances, right) < 0.05
    assert model.weights.evidence > 0 > model.weights.rival


def test_a_fit_takes_older_records_as_well() -> None:
    """Half of them know a sign more, by which right and wrong are told apart."""
    signs, right, groups = made_up(1_000, seed=3)
    newer = [
        replace(sign, match=float(ok)) if number % 2 else sign
        for number, (sign, ok) in enumerate(zip(signs, right, strict=True))
    ]

    model, judged = fit(newer, right, groups)

    assert len(judged) == 1_000
    assert (model.weights.match or 0.0) > 0
    assert model.typical.match == pytest.approx(sum(right[1::2]) / 500)


def test_few_decisions_change_nothing_and_many_move_the_calibration() -> None:
    model, judged = fit(*made_up(1_000, seed=1))
    doubtful = Signs(0.0, 0.0, 0.5, 0.0)
    wrong = [Judged(model.score(doubtful), False)] * 200

    assert with_decisions(model, judged, wrong[:20]) == model
    assert with_decisions(model, judged, wrong).probability(doubtful) < model.probability(doubtful) - 0.1


def test_the_dial_serves_as_much_as_the_accepted_share_of_wrong_answers_allows() -> None:
    chances = [0.1, 0.2, 0.3, 0.8, 0.9, 0.95]
    right = [False, False, True, True, True, True]

    strict, lax = (threshold_for(accepted, notches(chances, right)) for accepted in (0.0, 0.4))

    assert strict.wrong == 0.0
    assert strict.served == pytest.approx(4 / 6)
    assert lax.served > strict.served
    assert lax.wrong <= 0.4
    assert strict.served + strict.reviewed == pytest.approx(1.0)


def test_where_the_surest_are_wrong_too_often_nothing_is_served() -> None:
    notch = threshold_for(0.0, notches([0.5, 1.0, 1.0], [True, True, False]))

    assert notch.threshold > 1.0
    assert (notch.served, notch.reviewed) == (0.0, 1.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.floats(0, 1))
def test_the_dial_never_promises_more_than_was_measured(
    outcomes: list[tuple[float, bool]], accepted: float
) -> None:
    chances, right = [chance for chance, _ in outcomes], [ok for _, ok in outcomes]

    notch = threshold_for(accepted, notches(chances, right))

    served = [ok for chance, ok in outcomes if chance >= notch.threshold]
    if served:
        assert sum(not ok for ok in served) / len(served) <= accepted + 1e-9


def test_decisions_that_contradict_the_confidence_are_told() -> None:
    fitting = drift([(0.7, i % 10 < 7) for i in range(100)])
    worse = drift([(0.7, i % 10 < 4) for i in range(100)])

    assert fitting is not None
    assert fitting.fits
    assert worse is not None
    assert not worse.fits
    assert drift([(0.7, True)] * 5) is None
