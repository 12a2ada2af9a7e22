"""Keys, tokens and passwords in the places where they really turn up, beside what only looks like them."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Iterator

import pytest

from core.gateway.privacy.secrets import find_secrets

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALPHANUMERIC = UPPER + LOWER + DIGITS
HEX = "0123456789abcdef"


def _random_string(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _base64url(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _jwt(rng: random.Random) -> str:
    claims = {"sub": str(rng.randrange(10**9)), "exp": rng.randrange(10**9)}
    parts = [_base64url({"alg": "HS256", "typ": "JWT"}), _base64url(claims)]
    return ".".join([*parts, _random_string(rng, ALPHANUMERIC + "-_", 43)])


def _private_key(rng: random.Random, what: str) -> str:
    lines = [_random_string(rng, ALPHANUMERIC + "+/", 64) for _ in range(6)]
    return "\n".join([f"-----BEGIN {what}-----", *lines, f"-----END {what}-----"])


def _tokens(rng: random.Random) -> Iterator[str]:
    """One of each kind that its issuer marked."""

    def some(alphabet: str, length: int) -> str:
        return _random_string(rng, alphabet, length)

    yield "sk-" + some(ALPHANUMERIC, 48)
    yield "sk-proj-" + some(ALPHANUMERIC + "-_", 80) + "9a"
    yield "sk-ant-api03-" + some(ALPHANUMERIC + "-_", 90) + "AA"
    yield rng.choice(["AKIA", "ASIA"]) + some(UPPER + "234567", 16)
    yield rng.choice(["ghp_", "gho_", "ghs_", "ghu_"]) + some(ALPHANUMERIC, 36)
    yield "github_pat_" + some(ALPHANUMERIC, 22) + "_" + some(ALPHANUMERIC, 59)
    yield "glpat-" + some(ALPHANUMERIC + "-_", 20)
    yield "xoxb-" + some(DIGITS, 12) + "-" + some(DIGITS, 12) + "-" + some(ALPHANUMERIC, 24)
    yield "AIza" + some(ALPHANUMERIC + "-_", 35)
    yield "sk_live_" + some(ALPHANUMERIC, 24)
    yield "SG." + some(ALPHANUMERIC, 22) + "." + some(ALPHANUMERIC, 43)
    yield "npm_" + some(ALPHANUMERIC, 36)
    yield "hf_" + some(ALPHANUMERIC, 34)
    yield "dop_v1_" + some(HEX, 64)
    yield _jwt(rng)


TOKEN_SURROUNDINGS = [
    'client = OpenAI(api_key="{}")  # TODO: move to the vault',
    "2026-03-02T10:11:12Z ERROR upstream refused: Authorization: Bearer {} (401)",
    "OPENAI_API_KEY={}\nDEBUG=true\n",
    "hey, here is the key you asked for: {} - please don't share it",
    "curl -H 'X-Api-Key: {}' https://api.fennwick.example/v1/items",
    '{{"name": "deploy", "token": "{}", "retries": 3}}',
    "Steps:\n1. log in\n2. paste {}\n3. press enter",
    "The build broke because `{}` expired yesterday.",
    "https://ci.fennwick.example/hook?token={}&ref=main",
    "credentials:\n  - name: ci\n    value: {}\n",
]
PASSWORDS = [
    "hunter2!",
    "Tr0ub4dor&3",
    "S3cr3t-Pa55",
    "correct4horse",
    "Winter2026!",
    "p@ssw0rd99",
    "kJ8s#2mQ",
    "aG7x92bbQ1",
]
PASSWORD_SURROUNDINGS = [
    "postgresql://app:{}@db.internal:5432/answerdesk",
    "mysql+pymysql://root:{}@10.0.0.4/shop?charset=utf8",
    "redis://:{}@cache.internal:6379/0",
    "mongodb+srv://svc_reader:{}@cluster0.mongodb.net/test",
    "amqp://guest:{}@rabbit:5672/",
    "https://deploy:{}@git.fennwick.example/repo.git",
    "Server=tcp:sql.internal,1433;Database=hr;User Id=sa;Password={};Encrypt=true;",
    "DB_PASSWORD={}\nDB_HOST=localhost\n",
    "export PGPASSWORD={}",
    "    password: {}\n    username: admin\n",
    'password = "{}"',
    "user.setPassword(); var adminPassword = '{}';",
    "My password is {} and I still cannot log in, can you help?",
    "the wifi password: {}",
    "Login: maria / Passwort: {}",
    "mysqldump --user=backup --password={} hr > hr.sql",
    "curl -u maria:{} https://wiki.fennwick.example/rest",
    "<connection><user>sa</user><password>{}</password></connection>",
    '{{"username": "sa", "password": "{}"}}',
    "client_secret={}",
    "ldap.bind.credentials.secret = {}",
]
KEY_KINDS = [
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
]
KEY_SURROUNDINGS = [
    "{}",
    "cat ~/.ssh/id_rsa\n{}\n$ ",
    "Can you check whether this is valid?\n\n{}\n\nThanks, Tom",
    "tls_key: |\n{}\nport: 443",
]
NAMED_SURROUNDINGS = [
    "aws_secret_access_key = {}",
    'AZURE_STORAGE_CONNECTION="DefaultEndpointsProtocol=https;AccountName=fw;AccountKey={};EndpointSuffix=core.windows.net"',
    "Endpoint=sb://fw.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
    "session_secret: '{}'",
    "The API key for staging is {}.",
    "SECRET_KEY = '{}'",
]


def secret_cases(seed: int = 7) -> list[tuple[str, str]]:
    """Texts with the one secret that each carries; more than 300, the same for the same seed."""
    rng = random.Random(seed)
    cases = []
    for surroundings in TOKEN_SURROUNDINGS:
        cases += [(surroundings.format(token), token) for token in _tokens(rng)]
    for surroundings in PASSWORD_SURROUNDINGS:
        cases += [(surroundings.format(password), password) for password in PASSWORDS]
    for kind in KEY_KINDS:
        for surroundings in KEY_SURROUNDINGS:
            key = _private_key(rng, kind)
            cases.append((surroundings.format(key), key))
    for surroundings in NAMED_SURROUNDINGS:
        for length in (40, 44):
            value = _random_string(rng, ALPHANUMERIC + "+/", length - 2) + "4Q"
            cases.append((surroundings.format(value), value))
    return cases


def innocent_texts(seed: int = 11) -> list[str]:
    """Look-alikes that are no secrets."""
    rng = random.Random(seed)
    image = base64.b64encode(rng.randbytes(300)).decode()
    return [
        f"The commit {_random_string(rng, HEX, 40)} fixed it.",
        f"sha256: {_random_string(rng, HEX, 64)}  setup.tar.gz",
        f"Request {uuid.UUID(int=rng.getrandbits(128))} took 3 s.",
        f"![logo](data:image/png;base64,{image})",
        "The task-force-on-skills-and-learning meets at ten, the risk-management-committee at noon.",
        "We use sk-learn, scikit-learn and sk-video for the models.",
        "A password must have twelve characters. Your password is stored encrypted.",
        "Reset your password: open the portal and choose Forgot password.",
        "The token is valid for one hour. Tokens are counted per request.",
        'password = os.environ["DB_PASSWORD"]',
        "DB_PASSWORD=${DB_PASSWORD}",
        "api_key: <your-api-key>",
        "API_KEY=your-api-key-here",
        "password: ********",
        "def login(user: str, password: str) -> None: ...",
        "secret = getpass.getpass()",
        "max_tokens=700, temperature=0.0",
        "postgresql://localhost:5432/answerdesk",
        "Keys to the office are kept at the front desk; the secret to a good meeting is an agenda.",
        "Use a key such as customer_id or order_id.",
        "https://fennwick.example/docs?page=2&sort=name",
        "The bearer of this letter may enter. Basic training takes three days.",
        "GHP stands for good hygiene practice; AKIA is the name of a sledge.",
        "Press Ctrl-Shift-P, then type 'token: refresh'.",
    ]


def _is_covered(text: str, secret: str) -> bool:
    start = text.index(secret)
    return any(span.start <= start and start + len(secret) <= span.end for span in find_secrets(text))


def test_the_set_is_large_and_varied() -> None:
    assert len(secret_cases()) >= 300


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_99_of_100_secrets_are_covered_in_real_surroundings(seed: int) -> None:
    cases = secret_cases(seed)
    missed = [text for text, secret in cases if not _is_covered(text, secret)]
    assert len(missed) <= len(cases) * 0.01, missed[:10]


@pytest.mark.parametrize("text", innocent_texts())
def test_look_alikes_are_left_alone(text: str) -> None:
    assert [text[span.start : span.end] for span in find_secrets(text)] == []


def test_a_private_key_without_its_end_is_covered_as_far_as_it_goes() -> None:
    text = _private_key(random.Random(1), "RSA PRIVATE KEY")[:200]
    (span,) = find_secrets(text)
    assert (span.start, span.end) == (0, 200)


def test_only_the_password_of_a_connection_string_is_the_secret() -> None:
    text = "postgresql://app:hunter2@db/hr"
    assert [text[span.start : span.end] for span in find_secrets(text)] == ["hunter2"]


@pytest.mark.parametrize(
    "text", ["a" * 20000, "-" * 20000, "password " * 3000, "eyJ" + "a." * 8000, "x=" * 9000, "p_" * 9000]
)
def test_hostile_repetition_takes_no_time(text: str) -> None:
    list(find_secrets(text))
