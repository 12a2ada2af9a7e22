"""The deployments of the models file, and which ones answer for a model's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import ConfigurationError, PriceUnknown
from core.gateway.catalogue import Catalogue, ModelEntry, RouterSettings, call_parameters
from core.gateway.circuit import CircuitLimits
from core.gateway.price_book import PerToken, Price, PriceBook, configured_price
from core.gateway.privacy.kinds import DEFAULT_MASKED, Kind
from core.gateway.retrying import RetryPolicy
from core.gateway.stream_watch import StreamLimits
from core.types import DataClass

EMBEDDED = "answerdesk/embedded"
NO_ORDER = 1_000_000
READING_S = 60.0
"""How long a model that answers with numbers may take for all of them, where nothing else is set."""
_NO_CHAT = {"embedding", "rerank", "image_generation", "audio_transcription", "audio_speech", "moderation"}
_FOR_THE_ROUTER = {
    "order", "weight", "rpm", "tpm", "max_parallel_requests", "region_name", "data_class",
    "input_cost_per_token", "output_cost_per_token", "input_cost_per_query", "timeout", "stream_timeout",
    "model_info", "tags",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployment:
    """One model at one provider and region.

    `route` is the `model_name` it answers for, `parameters` are LiteLLM's for the call. `rpm`, `tpm`
    (requests and tokens a minute) and `max_parallel` are None where unlimited, `prices` where
    unknown. It is never sent a text of a higher class than `data_class`, nor personal data of the
    kinds in `masked`. `limits` is None for what
    runs inside this process and needs no watch.
    """

    name: str
    route: str
    model: str
    provider: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    order: int = NO_ORDER
    weight: float = 1.0
    region: str = ""
    data_class: DataClass = DataClass.INTERNAL
    masked: frozenset[Kind] = DEFAULT_MASKED
    rpm: int | None = None
    tpm: int | None = None
    max_parallel: int | None = None
    prices: Price | None = None
    limits: StreamLimits | None = StreamLimits()  # noqa: RUF009 - frozen
    circuit: CircuitLimits = CircuitLimits()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Routes:
    """Which other models answer in a model's place.

    `fallbacks` when its deployments fail (`*` stands for every model), `larger` when a text is too
    long for it, `aliases` are further names of models.
    """

    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    larger: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def real(self, model: str) -> str:
        """The model behind an alias, or the model itself."""
        return self.aliases.get(model, model)

    def after(self, model: str) -> tuple[str, ...]:
        """The models to try when all deployments of this one failed."""
        return self._found(self.fallbacks, model)

    def larger_than(self, model: str) -> tuple[str, ...]:
        """The models with a larger window than this one."""
        return self._found(self.larger, model)

    def _found(self, table: Mapping[str, tuple[str, ...]], model: str) -> tuple[str, ...]:
        names = table.get(model) or table.get("*") or ()
        return tuple(name for name in map(self.real, names) if name != model)


def deployments_of(
    catalogue: Catalogue, book: PriceBook, environ: Mapping[str, str] | None = None
) -> list[Deployment]:
    """The chat deployments in the order of the file; raises ConfigurationError as `call_parameters` does."""
    providers = {provider_of(entry.litellm_params.model_dump()) for entry in catalogue.model_list}
    if unknown := sorted(catalogue.masked_kinds.keys() - providers):
        raise ConfigurationError(
            f"masked_kinds.{unknown[0]}: no model of the models file is at this provider. "
            f"It has: {', '.join(sorted(providers))}."
        )
    chat = [e for e in catalogue.model_list if e.model_info.mode not in _NO_CHAT]
    return [
        _deployment(name, entry, _weight(entry, chat), catalogue, book, environ)
        for name, entry in zip(_names(chat), chat, strict=True)
    ]


def reading_deployments_of(
    catalogue: Catalogue, model: str, book: PriceBook, environ: Mapping[str, str] | None = None
) -> list[Deployment]:
    """The deployments of an embedding or a rerank model, where there is one of this name in the file."""
    entries = [
        e for e in catalogue.model_list if e.model_name == model and e.litellm_params.model != EMBEDDED
    ]
    return [
        _deployment(name, entry, _weight(entry, entries), catalogue, book, environ, writes=False)
        for name, entry in zip(_names(entries), entries, strict=True)
    ]


def routes_of(catalogue: Catalogue) -> Routes:
    """The routes of `router_settings`; raises ConfigurationError for a name that is not in the list."""
    router = catalogue.router()
    known = {entry.model_name for entry in catalogue.model_list} | set(router.model_group_alias)
    fallbacks = router.fallback_table()
    larger = router.context_window_table()
    for key, table in (("fallbacks", fallbacks), ("context_window_fallbacks", larger)):
        for model, targets in table.items():
            _known(key, [*targets, *([] if model == "*" else [model])], known)
    _known("model_group_alias", router.aliases().values(), known)
    return Routes(fallbacks, larger, router.aliases())


def retry_policy_of(catalogue: Catalogue) -> RetryPolicy:
    """The retries of `router_settings`, within our own limits."""
    retries = catalogue.router().num_retries
    return RetryPolicy() if retries is None else RetryPolicy(retries=retries, last_retries=retries)


def _deployment(
    name: str,
    entry: ModelEntry,
    weight: float,
    catalogue: Catalogue,
    book: PriceBook,
    environ: Mapping[str, str] | None,
    writes: bool = True,
) -> Deployment:
    router = catalogue.router()
    parameters = call_parameters(entry, environ)
    params, info = entry.litellm_params, entry.model_info
    embedded = params.model == EMBEDDED
    provider = "embedded" if embedded else provider_of(parameters)
    known_as = [info.base_model or params.model, params.model, *_bare(params.model, provider)]
    own = configured_price(parameters, info.model_dump(), writes=writes)
    configured = (0.0, 0.0) if embedded else own
    data_class = _data_class(entry, DataClass.RESTRICTED if embedded else DataClass.INTERNAL)
    return Deployment(
        name=name,
        route=entry.model_name,
        model=params.model,
        provider=provider,
        parameters={key: value for key, value in parameters.items() if key not in _FOR_THE_ROUTER},
        order=NO_ORDER if params.order is None else params.order,
        weight=weight,
        region=_region(entry),
        data_class=data_class,
        masked=_masked(entry, provider, data_class, catalogue.masked_kinds),
        rpm=entry.limit("rpm"),
        tpm=entry.limit("tpm"),
        max_parallel=entry.limit("max_parallel_requests"),
        prices=_price(book, known_as, configured),
        limits=None if embedded else _limits(entry, router) if writes else _reading_limits(entry, router),
        circuit=_circuit(entry, router),
    )


def _price(book: PriceBook, names: Iterable[str], configured: PerToken | None) -> Price | None:
    """The price under the first of the names that the book knows; None where it knows none."""
    for name in names:
        try:
            return book.price(name, configured)
        except PriceUnknown:
            continue
    return None


def provider_of(parameters: Mapping[str, Any]) -> str:
    """The provider's name as LiteLLM has it."""
    explicit = parameters.get("custom_llm_provider")
    model = str(parameters["model"])
    return str(explicit) if explicit else (model.split("/", 1)[0] if "/" in model else "openai")


def _names(entries: Sequence[ModelEntry]) -> list[str]:
    """A name for each that is its own: its id, else its model and region, numbered when needed."""
    seen: Counter[str] = Counter()
    names = []
    for entry in entries:
        region = _region(entry)
        name = entry.model_info.id or entry.litellm_params.model + (f"@{region}" if region else "")
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return names


def _weight(entry: ModelEntry, entries: Sequence[ModelEntry]) -> float:
    group = [other for other in entries if other.model_name == entry.model_name]
    given = entry.litellm_params.weight
    if any(other.litellm_params.weight is not None for other in group):
        return 1.0 if given is None else given
    # As LiteLLM does: without weights, the requests allowed tell how much each one can carry.
    return float(entry.limit("rpm") or 1) if all(other.limit("rpm") for other in group) else 1.0


def _region(entry: ModelEntry) -> str:
    params = entry.litellm_params.model_dump()
    keys = ("region_name", "aws_region_name", "vertex_location")
    found = [params.get(key) for key in keys] + [entry.model_info.region]
    return next((str(region) for region in found if region), "")


def _data_class(entry: ModelEntry, otherwise: DataClass) -> DataClass:
    given = entry.model_info.data_class or entry.litellm_params.data_class
    if given is None:
        return otherwise
    try:
        return DataClass.named(given)
    except ValueError as exc:
        raise ConfigurationError(f"The model {entry.model_name}: data_class {exc}.") from None


def _masked(
    entry: ModelEntry, provider: str, data_class: DataClass, by_provider: Mapping[str, frozenset[Kind]]
) -> frozenset[Kind]:
    """The deployment's own kinds, else its provider's; all without a word, none when cleared for all."""
    if entry.model_info.masked_kinds is not None:
        return entry.model_info.masked_kinds
    if provider in by_provider:
        return by_provider[provider]
    return frozenset() if data_class is DataClass.RESTRICTED else DEFAULT_MASKED


def _reading_limits(entry: ModelEntry, router: RouterSettings) -> StreamLimits:
    # Nothing comes before everything does, so the first word may take as long as all of it.
    total = entry.litellm_params.timeout or router.timeout or READING_S
    return StreamLimits(first_token_s=total, inter_token_s=total, total_s=total)


def _limits(entry: ModelEntry, router: RouterSettings) -> StreamLimits:
    default = StreamLimits()
    params = entry.litellm_params
    total = params.timeout or router.timeout or default.total_s
    silence = params.stream_timeout or router.stream_timeout
    info = entry.model_info
    return StreamLimits(
        first_token_s=min(info.first_token_timeout or silence or default.first_token_s, total),
        inter_token_s=min(info.inter_token_timeout or silence or default.inter_token_s, total),
        total_s=total,
    )


def _circuit(entry: ModelEntry, router: RouterSettings) -> CircuitLimits:
    default = CircuitLimits()
    cooldown = entry.litellm_params.cooldown_time or router.cooldown_time
    return CircuitLimits(
        allowed_fails=default.allowed_fails if router.allowed_fails is None else router.allowed_fails,
        cooldown_s=default.cooldown_s if cooldown is None else cooldown,
        slow_s=entry.model_info.slow_after or default.slow_s,
    )


# Providers whose models LiteLLM's price list has without their name.
_UNNAMED = {"openai", "cohere", "jina_ai"}


def _bare(model: str, provider: str) -> list[str]:
    return [model.split("/", 1)[1]] if provider in _UNNAMED and "/" in model else []


def _known(key: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"router_settings.{key}: there is no model named {name}. Configured are: "
                f"{', '.join(sorted(known))}."
            )
