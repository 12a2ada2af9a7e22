"""How well the confidence tells right answers from wrong ones, and the fit of `data/confidence.json`.

Every question gets the embedded model's best sentences, however little speaks for them, and their
confidence. XQuAD's and the sample company's answers are right when they hold the gold; RepLiQA's, which
has no gold answers, when they cite the gold document only. One question in five cannot be answered: it is
asked by somebody who may not read its article. The figures are of documents that the fit never saw; what
is shipped is fitted on all of them. `most_coverage_at_5pct_risk` is what could be served if it were known
which answers are right.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from core.answering import prompts
from core.answering.calibration import Judged, calibration_error, fit
from core.answering.checks.guardrails import Guardrails, Screened, build_guardrails
from core.answering.confidence import Signs
from core.answering.drafting import Draft, drafted
from core.answering.judging import head
from core.answering.signs import signs_of
from core.bootstrap import Desk, build
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.messages import Finish, ModelRequest, Piece
from core.identity import Department
from core.knowledge.sources import Source
from core.knowledge.terms import TermAnalyzer
from core.settings import ROOT, Settings
from core.types import Readership
from tests.bench import answers
from tests.bench.answers import Asked, holds, lines, person, sample_company

MODEL_FILE = ROOT / "data" / "confidence.json"
UNANSWERABLE_EACH = 4
"""Each fourth question is asked a second time, by somebody who cannot have an answer."""
ALL = "all"
SEED = 7
OTHER_SEEDS = range(100, 120)


@dataclass(frozen=True)
class Posed:
    """A question, the document that it is about, and what an answer to it is judged by."""

    asked: Asked
    document: str
    judged_by_document: bool = False


@dataclass(frozen=True)
class Example:
    """A question with the signs of its answer."""

    set_name: str
    document: str
    signs: Signs
    right: bool
    answerable: bool


def run(data: Path) -> dict[str, Any]:
    """Figures of the held-out half; writes the model file anew, fitted on everything."""
    logging.getLogger("core").setLevel(logging.ERROR)
    examples = [
        *_examples("sample_company", lambda desk: _company(desk)),
        *_examples("qa_repliqa_sample", lambda desk: _repliqa(desk, data / "qa_repliqa_sample")),
        *_examples("qa_xquad", lambda desk: _xquad(desk, data / "qa_xquad")),
    ]
    unseen, chances = _held_out(examples, SEED)
    result = {"questions": len(examples), "held_out": len(unseen), **_figures(chances, unseen)}
    result["other_splits"] = _mean_of_splits(examples)
    result["sets"] = {
        name: _figures([c for c, e in zip(chances, unseen, strict=True) if e.set_name == name], of_set)
        for name in sorted({e.set_name for e in unseen})
        if (of_set := [e for e in unseen if e.set_name == name])
    }
    _write(examples)
    for name, value in result.items():
        print(f"{name:>20}: {value}")
    return result


def _held_out(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[float]]:
    """The questions about one half of the documents, and what a fit on the other half makes of them."""
    documents = sorted({example.document for example in examples})
    held_out = set(np.random.default_rng(seed).permutation(documents)[: len(documents) // 2])
    seen = [example for example in examples if example.document not in held_out]
    unseen = [example for example in examples if example.document in held_out]
    model, _ = _fitted(seen)
    return unseen, [model.probability(example.signs) for example in unseen]


def _mean_of_splits(examples: Sequence[Example]) -> dict[str, Any]:
    """The means over other halves held out: which documents these are moves a figure by some hundredths."""
    found = []
    for seed in OTHER_SEEDS:
        unseen, chances = _held_out(examples, seed)
        found.append(_figures(chances, unseen))
    return {name: round(float(np.mean([each[name] for each in found])), 4) for name in found[0]}


def _fitted(examples: Sequence[Example]) -> tuple[Any, list[Judged]]:
    return fit([e.signs for e in examples], [e.right for e in examples], [e.document for e in examples])


def _write(examples: Sequence[Example]) -> None:
    model, judged = _fitted(examples)
    pairs = [[round(one.score, 3), int(one.right)] for one in sorted(judged, key=lambda one: one.score)]
    shipped = {
        "made_by": "python -m tests.bench confidence --data ../shared/datasets",
        **model.to_json(),
        "outcomes": pairs,
    }
    MODEL_FILE.write_text(json.dumps(shipped) + "\n", encoding="utf-8")


def _figures(chances: Sequence[float], examples: Sequence[Example]) -> dict[str, Any]:
    right = np.array([example.right for example in examples])
    answerable = np.mean([example.answerable for example in examples])
    figures = {
        "ece": round(calibration_error(chances, list(right)), 4),
        "coverage_at_2pct_risk": _coverage(np.array(chances), right, 0.02),
        "coverage_at_5pct_risk": _coverage(np.array(chances), right, 0.05),
        "answerable": round(float(answerable), 3),
        "right": round(float(right.mean()), 3),
        "most_coverage_at_5pct_risk": round(min(1.0, float(right.mean()) / 0.95), 4),
    }
    if 0 < right.mean() < 1:
        figures = {"auroc": round(float(roc_auc_score(right, chances)), 4)} | figures
    return figures


def _coverage(chances: np.ndarray, right: np.ndarray, risk: float) -> float:
    """The largest share of all questions that can be answered with at most this share of wrong ones.

    Answers of equal confidence are served together or not at all.
    """
    best = 0.0
    for threshold in np.unique(chances):
        served = chances >= threshold
        if (~right[served]).mean() <= risk:
            best = max(best, float(served.mean()))
    return round(best, 4)


def _examples(name: str, questions: Callable[[Desk], Iterator[Posed]]) -> Iterator[Example]:
    with tempfile.TemporaryDirectory() as folder:
        desk = build(Settings(data_dir=Path(folder), embedding_threads=1))
        try:
            model = EmbeddedModel(desk.knowledge.ranker, answers_from=0.0)
            analyse = TermAnalyzer()
            guardrails = build_guardrails(analyse, desk.settings.guardrails_file)
            for posed in questions(desk):
                example = _example(name, posed, desk, guardrails, model, analyse)
                if example is not None:
                    yield example
        finally:
            desk.close()
    print(name, flush=True)


def _example(
    name: str,
    posed: Posed,
    desk: Desk,
    guardrails: Guardrails,
    model: EmbeddedModel,
    analyse: TermAnalyzer,
) -> Example | None:
    asked = posed.asked
    passages = desk.knowledge.retriever.search(asked.text, asked.person).passages
    chunks = [passage.chunk for passage in passages]
    ranked = desk.knowledge.ranker.rank(asked.text, [c.text for c in chunks], [head(c) for c in chunks])
    request = ModelRequest("embedded", prompts.answer_messages(asked.text, passages))
    draft = _drafted(guardrails, model, request, passages)
    signs = signs_of(asked.text, passages, ranked, analyse)
    if signs is None:
        return None
    if posed.judged_by_document:
        names = [desk.catalog.document(asked.person, c.document_id).name for c in draft.citations]
        right = bool(asked.gold) and bool(names) and all(name == f"{posed.document}.txt" for name in names)
    else:
        right = holds(draft.text, asked.gold)
    return Example(name, f"{name}/{posed.document}", signs, right, bool(asked.gold))


def _drafted(
    guardrails: Guardrails, model: EmbeddedModel, request: ModelRequest, passages: Sequence[Any]
) -> Draft:
    def events() -> Iterator[Piece | Finish]:
        yield from map(Piece, model.answer(request.messages[-1].content))
        yield Finish("embedded", "embedded", 0, 0, 0)

    gate = guardrails.gate(Screened(tuple(passages), {}))
    drafting = drafted(events(), passages, lambda: gate)
    while True:
        try:
            next(drafting)
        except StopIteration as end:
            return end.value


def _company(desk: Desk) -> Iterator[Posed]:
    for number, asked in enumerate(sample_company(desk)):
        yield Posed(asked, str(number))


def _xquad(desk: Desk, folder: Path) -> Iterator[Posed]:
    article = {passage["id"]: passage["title"] for passage in lines(folder / "passages_en.jsonl")}
    titles = [article[q["passage_id"]] for q in lines(folder / "questions_en.jsonl")]
    answers.QUESTIONS = len(titles)
    for number, asked in enumerate(answers.xquad(desk, folder)):
        if asked.gold or (number // 2) % UNANSWERABLE_EACH == 0:
            yield Posed(asked, titles[number // 2])


def _repliqa(desk: Desk, folder: Path) -> Iterator[Posed]:
    documents, questions = lines(folder / "docs.jsonl"), lines(folder / "questions.jsonl")
    names = {ALL, *(document["id"] for document in documents)}
    desk.identity.add_departments(Department(name, name) for name in names)
    people = {name: person(desk, name) for name in names}
    for _ in desk.knowledge.ingestion.run([_source(d, names) for d in documents], "bench", None):
        pass
    for number, question in enumerate(questions):
        document = question["gold"][0]
        yield Posed(Asked(people[ALL], question["question"], (document,)), document, True)
        if number % UNANSWERABLE_EACH == 0:
            yield Posed(Asked(people[document], question["question"], ()), document, True)


def _source(document: dict[str, Any], names: set[str]) -> Source:
    content = document["text"].encode()
    readers = Readership.of(names - {document["id"]})
    return Source(f"{document['id']}.txt", readers, ALL, None, len(content), lambda: content)
