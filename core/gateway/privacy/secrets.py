"""Keys, tokens and passwords: by the mark that the issuer puts on them, or by the name before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span

# The issuers' own marks. A blank-free token that follows one of them is nothing else.
_MARKED = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:
      sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}                    # OpenAI, Anthropic, OpenRouter, ...
    | (?:[srp]k|whsec|rk)_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9+/=]{16,}
    | (?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{16}
    | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{20,}
    | gl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_.-]{16,}
    | xox[abeoprsc]-[A-Za-z0-9-]{10,} | xapp-\d-[A-Za-z0-9-]{10,}
    | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{16,} | GOCSPX-[A-Za-z0-9_-]{16,} | 1//0[A-Za-z0-9_-]{20,}
    | SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,} | (?:SK|AC)[0-9a-f]{32} | key-[0-9a-f]{32}
    | npm_[A-Za-z0-9]{30,} | pypi-[A-Za-z0-9_-]{30,} | rubygems_[0-9a-f]{32,}
    | dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}
    | hf_[A-Za-z0-9]{20,} | gsk_[A-Za-z0-9]{20,} | xai-[A-Za-z0-9]{20,} | pplx-[A-Za-z0-9]{20,}
    | r8_[A-Za-z0-9]{30,}
    | do[oprt]_v1_[0-9a-f]{32,} | shp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,} | sq0[a-z]{3}-[A-Za-z0-9_-]{20,}
    | EAAA[A-Za-z0-9_-]{40,}
    | hv[sbr]\.[A-Za-z0-9_-]{20,} | glsa_[A-Za-z0-9_]{30,} | glc_[A-Za-z0-9+/=]{30,} | dapi[0-9a-f]{32}
    | NRAK-[A-Z0-9]{20,} | lin_api_[A-Za-z0-9]{30,} | fig[dou]_[A-Za-z0-9_-]{30,} | PMAK-[0-9a-f-]{30,}
    | ATATT3[A-Za-z0-9_=-]{30,} | ATCTT3[A-Za-z0-9_=-]{30,} | HRKU-[A-Za-z0-9_-]{20,}
    | secret_[A-Za-z0-9]{40,} | ntn_[A-Za-z0-9]{40,}
    | dp\.[a-z]{2,5}\.[A-Za-z0-9_.-]{30,} | pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{20,}
    | tskey-[a-z]+-[A-Za-z0-9-]{16,}
    | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,} | AGE-SECRET-KEY-1[A-Z0-9]{50,}
    | sntry[su]_[A-Za-z0-9+/=_-]{30,}
    | \d{8,10}:AA[A-Za-z0-9_-]{32,} | [MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}
    | sl\.[A-Za-z0-9_-]{60,} | [A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,} | CFPAT-[A-Za-z0-9_-]{30,}
    | PRIVATE-TOKEN:\s?\S+
    | eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}             # JWT, JWE, an unfinished one too
    )""",
    re.VERBOSE,
)
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_/-]+|discord(?:app)?\.com/api/webhooks/[A-Za-z0-9_/-]+"
    r"|\bwebhook\.office\.com/[^\s\"'<>]+"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:[\s\S]{0,20000}?-----END (?P=what)-----|(?:\s|\\n|\\r|[A-Za-z0-9+/=:,-])*)"
    r"|PuTTY-User-Key-File-\d:[\s\S]{0,20000}?Private-MAC: ?[0-9a-f]+"
)
_IN_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,30}://[^\s:/?#@\"'<>]{0,100}:(?P<value>[^\s\"'<>]{1,200})@(?=[\w\[.${-])", re.I
)
_IN_QUERY = re.compile(
    r"[?&;](?:[a-z_-]{0,30}(?:token|key|secret|password|passwd|pwd|signature|sig|auth|code)|x-amz-(?:signature|security-token))"
    r"=(?P<value>[^\s&;#\"'<>)]{6,})",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\b(?:bearer|basic|token|digest|apikey|"
    r"negotiate)[ ]+(?P<value>(?=[^\s\"']*[\d=/+._~-])[A-Za-z0-9+/=._~-]{12,})",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"(?:(?<=\s)|(?<=^))(?:--?(?:[a-z-]{0,30}(?:password|passwd|passphrase|secret|token|api-?key|pass))(?:=|\s+)|-p(?=[^\s-]{6,}\s))"
    r"[\"']?(?P<value>[^\s\"'<>$-][^\s\"'<>]{3,})",
    re.IGNORECASE | re.MULTILINE,
)
_USER_OPTION = re.compile(r"(?:(?<=\s)-u|--user(?:=|\b))\s*[\"']?[^\s:\"']{1,64}:(?P<value>[^\s\"']{3,})")
_NAME = (
    r"(?:pass(?:word|wort|wd|phrase|code)?|pwd|mot de passe|contraseña|kennwort|secrets?|tokens?|"
    r"credentials?|"
    r"(?:api|app|access|account|auth|client|consumer|deploy|encryption|hmac|jwt|license|master|private|"
    r"secret|service|shared|shared[ _-]?access|session|signing|ssh|storage|webhook|subscription|security)"
    r"[ _-]?(?:key|secret|token|password|pass|auth)s?(?:[ _-]?(?:id|base|value|string|json|hash))?|"
    r"authtoken|apikey|otp|2fa code|"
    r"recovery code|backup code)"
)
_ASSIGNED = re.compile(
    r"(?P<name>(?<![A-Za-z])(?:[A-Za-z0-9]{1,30}[_.-]){0,6}"
    + _NAME
    + r"|[a-z0-9]{1,30}(?:Password|Passwd|Pwd|Secret|Token|ApiKey|"
    r"AccessKey|SecretKey|PrivateKey|AuthToken))(?![A-Za-z])"
    r"(?:\s?\([^)\n]{0,30}\)|\s(?:for|of|to)\s[^\n:=]{1,40}?)?"
    r"(?P<sign>[\"'`]?\]?\s{0,3}(?::=|=>|==?|:)\s{0,3}|[\"']\s?,\s{0,2}(?=[\"'])|</?\w*>\s?"
    r"|\s(?:is|was|to|ist|est|es|be|are)(?:\s(?:now|still|set to|just))?:?\s+|\s+(?=[\"'`]|\S*\d))"
    r"(?P<quote>[\"'`]{0,3}|\\?\")(?P<value>[^\s\"'`\\][^\s\"'`\\]{2,}|(?<=[\"'`])[^\"'`\n]{3,200}(?=[\"'`]))",
    re.IGNORECASE,
)
_XML = re.compile(
    r"<(?P<tag>[\w:.-]*(?:password|passwd|secret|token|apikey|api-key|passphrase)[\w-]*)>(?P<value>[^<\n]{3,200})</(?P=tag)>",
    re.I,
)
_PIN = re.compile(
    r"\b(?:pin|passcode|otp|verification code|security code|cvv|cvc|cvv2)(?:\s(?:code|number|is|"
    r"no))*[\s:=#]{1,3}(?P<value>\d{3,8})\b",
    re.I,
)
# Stands for a value instead of being one: a variable, a call, a mask, an invitation to fill in.
_STAND_IN = re.compile(
    r"[$%{<\[(*.…]|x{3,}|\.{3}|(?:your|my|the|some|insert|enter|change|replace|example|placeholder|redacted|hidden|todo|tbd|dummy)"
    r"(?:[-_ ]|$)|(?:none|null|nil|undefined|true|false|required|optional|str|string|int|bool|bytes|any|"
    r"value|empty|n/?a|yes|no|"
    r"secretstr|self|env|input|prompt)\b[\"',;)\]]*$"
    r"|(?:os|process|env|settings|config|self|secrets|vault|getpass|request|req|ctx|var|local|data|args|st|app|this|props)\.[A-Za-z_]"
    r"|[A-Za-z_][\w.]*\(|[A-Za-z_][\w.]*\[",
    re.IGNORECASE,
)


def find_secrets(text: str) -> Iterator[Span]:
    """Keys, tokens, private keys, and passwords where a name, a link or a command gives them away."""
    for pattern in (_PRIVATE_KEY, _MARKED, _WEBHOOK):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), Kind.SECRET, 1.0)
    for pattern in (_IN_LINK, _IN_QUERY, _HEADER, _OPTION, _USER_OPTION, _XML):
        for match in pattern.finditer(text):
            if not _STAND_IN.match(match["value"]):
                yield Span(*match.span("value"), Kind.SECRET, 0.95)
    for match in _PIN.finditer(text):
        yield Span(*match.span("value"), Kind.SECRET, 0.8)
    yield from _assigned(text)


def _assigned(text: str) -> Iterator[Span]:
    position = 0
    while match := _ASSIGNED.search(text, position):
        start, end = match.span("value")
        value = text[start:end].rstrip(",;.)]}>&" if not match["quote"] else "")
        if _is_secret(match, value):
            yield Span(start, start + len(value), Kind.SECRET, 0.95)
            position = end
        else:
            position = match.end("name")


def _is_secret(match: re.Match[str], value: str) -> bool:
    """Whether the value is one, told by how firmly it is assigned and how little it is a word."""
    if len(value) < 3 or _STAND_IN.match(value) or "://" in value:
        return False
    sign, code_name = (
        match["sign"].strip(" \"'`]"),
        bool(re.search(r"[_.]|[a-z][A-Z]|^[A-Z]+$", match["name"])),
    )
    if match["quote"] and sign in ("=", ":=", "=>", ":", ","):
        return " " not in value or _is_random(value) or code_name
    if _is_random(value):
        return True
    if sign in ("=", ":=", "=>"):
        return len(value) >= 4 and (code_name or ("=" in match["sign"] and " " not in match["sign"]))
    return sign == ":" and code_name and len(value) >= 6 and value.islower() is False


def _is_random(value: str) -> bool:
    """Whether letters, digits and signs are mixed as no word mixes them."""
    if len(value) < 6:
        return False
    digits = any(map(str.isdigit, value))
    letters = any(map(str.isalpha, value))
    signs = re.search(r"[^\w\s.,:;()/'’-]", value) is not None
    if value.isdigit():
        return len(value) >= 6
    inner_capital = re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]", value) is not None
    return letters and (digits or signs or (inner_capital and len(value) >= 12))
