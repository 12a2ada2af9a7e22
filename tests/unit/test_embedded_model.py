"""The embedded model quotes what answers, cites it, and says when nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.gateway.embedded_model import MOST_CHARS, WITHOUT_PASSAGES, EmbeddedModel
from core.gateway.fence import NOT_FOUND, FencedPassage, fence


@dataclass(frozen=True)
class Sentence:
    passage: int
    start: int
    text: str
    score: float


class Ranker:
    """Gives what it is told to and remembers what it was asked."""

    def __init__(self, *sentences: Sentence) -> None:
        self.sentences = sentences
        self.asked: list[tuple[str, list[str], list[str]]] = []

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Sentence]:
        self.asked.append((question, list(texts), list(heads)))
        return sorted(self.sentences, key=lambda s: -s.score)


PROMPT = fence(
    [FencedPassage(1, "Leave", "Days", "text one"), FencedPassage(2, "Travel", "", "text two")], "How many?"
)


def answer(*sentences: Sentence, prompt: str = PROMPT) -> list[str]:
    return list(EmbeddedModel(Ranker(*sentences), answers_from=0.5, joins_from=0.5).answer(prompt))


def test_the_ranker_reads_passages_below_their_headings() -> None:
    """Title and section reach the ranker in the form in which chunks are indexed."""
    ranker = Ranker()
    list(EmbeddedModel(ranker).answer(PROMPT))
    assert ranker.asked == [("How many?", ["text one", "text two"], ["Leave\nDays", "Travel"])]


def test_the_best_sentence_comes_with_its_citation() -> None:
    """The words of the document, then the number of its passage."""
    assert answer(Sentence(1, 0, "You have 26 days.", 0.9)) == ["You have 26 days. [2]"]


def test_nothing_near_is_nothing_found() -> None:
    """Below the threshold, and without any sentence, the single word of refusal is all that is said."""
    assert answer(Sentence(0, 0, "Something else.", 0.49)) == [NOT_FOUND]
    assert answer() == [NOT_FOUND]
    assert answer(prompt=fence([], "Why?")) == [NOT_FOUND]


def test_a_second_sentence_joins_only_when_it_is_nearly_as_good() -> None:
    """What is much less likely to answer stays out."""
    best, near, far = Sentence(0, 0, "A.", 0.9), Sentence(1, 0, "B.", 0.5), Sentence(1, 9, "C.", 0.4)
    assert answer(best, near, far) == ["A. [1]", " B. [2]"]


def test_an_answer_has_three_sentences_at_most() -> None:
    """Even when all of them are good."""
    assert len(answer(*(Sentence(0, i, f"Sentence {i}.", 0.9) for i in range(6)))) == 3


def test_an_answer_is_not_a_wall() -> None:
    """Long sentences leave no room for others, but the best one is given whatever its length."""
    best, other = Sentence(0, 0, "a" * MOST_CHARS + "b.", 0.9), Sentence(1, 0, "B.", 0.9)
    assert answer(best, other) == [f"{best.text} [1]"]


def test_the_same_sentence_is_not_repeated() -> None:
    """Two documents that say the same are quoted once, whatever the punctuation."""
    assert answer(Sentence(0, 0, "It is 26 days.", 0.9), Sentence(1, 0, "It is 26 days", 0.8)) == [
        "It is 26 days. [1]"
    ]


def test_a_leaning_sentence_brings_the_one_before_it() -> None:
    """`It` is understood only with the sentence before, though that alone would not have been chosen."""
    spoken = answer(
        Sentence(0, 10, "There is a virtual card.", 0.1),
        Sentence(0, 0, "Hello.", 0.05),
        Sentence(0, 40, "It has a limit of EUR 800.", 0.9),
    )
    assert spoken == ["There is a virtual card. [1]", " It has a limit of EUR 800. [1]"]


def test_sentences_of_one_passage_are_read_in_their_order() -> None:
    """The passage of the best sentence comes first, and within it what stands first."""
    spoken = answer(
        Sentence(1, 50, "Best.", 0.9), Sentence(0, 0, "Other.", 0.8), Sentence(1, 5, "Earlier.", 0.7)
    )
    assert spoken == ["Earlier. [2]", " Best. [2]", " Other. [1]"]


def test_steps_that_lean_on_each_other_come_with_what_they_lean_on() -> None:
    """The third of three steps answers best, and makes no sense without the first two."""
    spoken = answer(
        Sentence(0, 0, "Call the service desk within 2 hours.", 0.1),
        Sentence(0, 40, "The device is then locked.", 0.05),
        Sentence(0, 70, "A theft is also reported to the police.", 0.9),
        Sentence(0, 120, "Something else is good as well.", 0.8),
    )
    assert "".join(spoken) == (
        "Call the service desk within 2 hours. [1] The device is then locked. [1] "
        "A theft is also reported to the police. [1]"
    )


def test_a_table_row_stands_in_a_paragraph_of_its_own() -> None:
    """Before and after it, because rows have no full stop to part them."""
    spoken = answer(
        Sentence(0, 20, "Country: Denmark; Full day: EUR 61", 0.9),
        Sentence(0, 0, "Rates of 2026.", 0.8),
        Sentence(0, 60, "See the list.", 0.7),
    )
    assert "".join(spoken) == (
        "Country: Denmark; Full day: EUR 61 [1]\n\nRates of 2026. [1] See the list. [1]"
    )


def test_rows_stand_in_the_order_of_their_rank() -> None:
    """The row that answers comes first, wherever it stands in its table."""
    spoken = answer(
        Sentence(0, 0, "Country: Austria; Days: 25", 0.7),
        Sentence(0, 40, "Country: Belgium; Days: 27", 0.9),
    )
    assert "".join(spoken) == "Country: Belgium; Days: 27 [1]\n\nCountry: Austria; Days: 25 [1]"


def test_a_number_in_brackets_of_the_document_is_no_citation() -> None:
    """A footnote mark must not point to another passage."""
    assert answer(Sentence(0, 0, "Founded in 1998 [12], in Cork.[2, 3]", 0.9)) == [
        "Founded in 1998, in Cork. [1]"
    ]


def test_the_marks_of_a_quoted_mail_are_left_out() -> None:
    """What was quoted over two lines reads as one sentence; a comparison stays."""
    assert answer(Sentence(0, 0, "I > only travel\n> > twice, when x > 3.", 0.9)) == [
        "I only travel\ntwice, when x > 3. [1]"
    ]


def test_a_prompt_without_passages_is_told_what_the_model_is_for() -> None:
    """A plain sentence, not a refusal word that nobody would understand."""
    assert answer(prompt="Write me a poem") == [WITHOUT_PASSAGES]
