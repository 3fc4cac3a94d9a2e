"""Secrets and personal data. Every secret is made up here at random, so that none stands in the source."""

import random
import string
from collections.abc import Callable, Sequence

import pytest

from llm_finetune.data.content.personal import personal_data
from llm_finetune.data.content.secrets import KINDS, is_irregular, may_hold_secret, secrets_in

LETTERS = string.ascii_letters + string.digits
BASE32 = string.ascii_uppercase + "234567"
HEXADECIMAL = "0123456789abcdef"


def drawn(alphabet: str, length: int, chance: random.Random) -> str:
    return "".join(chance.choices(alphabet, k=length))


def generated(chance: random.Random) -> list[tuple[str, str]]:
    """40 texts with a secret each, and the secret."""

    def some(length: int, alphabet: str = LETTERS) -> str:
        return drawn(alphabet, length, chance)

    plain = [
        "AKIA" + some(16, BASE32),
        "ASIA" + some(16, BASE32),
        "AIza" + some(35),
        "ya29." + some(60),
        "GOCSPX-" + some(28),
        *(f"gh{letter}_" + some(36) for letter in "pousr"),
        "github_pat_" + some(22) + "_" + some(59),
        "glpat-" + some(20),
        "hf_" + some(34),
        "sk-" + some(48),
        "sk-proj-" + some(80),
        "sk-ant-api03-" + some(90),
        "xoxb-" + some(12, string.digits) + "-" + some(12, string.digits) + "-" + some(24),
        "xapp-1-" + some(11) + "-" + some(13, string.digits) + "-" + some(64, HEXADECIMAL),
        "https://hooks.slack.com/services/T" + some(8, BASE32) + "/B" + some(8, BASE32) + "/" + some(24),
        "sk_live_" + some(24),
        "npm_" + some(36),
        "pypi-" + some(120),
        "SG." + some(22) + "." + some(43),
        "dop_v1_" + some(64, HEXADECIMAL),
        some(9, string.digits) + ":AA" + some(33),
        "eyJ" + some(30) + ".eyJ" + some(60) + "." + some(43),
    ]
    placed = [
        (f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={(key := some(86))}==;", key),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{(key := some(400))}\n-----END RSA PRIVATE KEY-----", key),
        (f"-----BEGIN PRIVATE KEY-----\n{(key := some(300))}\n-----END PRIVATE KEY-----", key),
        (f"postgres://shop:{(key := some(14))}@db.shop.internal:5432/orders", key),
        (f"mongodb+srv://root:{(key := some(10))}@cluster0.mongodb.net/test", key),
        (f"redis://:{(key := some(20))}@10.0.0.5:6379", key),
        (f'api_key = "{(key := some(32))}"', key),
        (f"AWS_SECRET_ACCESS_KEY={(key := some(40))}", key),
        (f"password: {(key := 'q7' + some(10))}", key),
        (f'{{"access_token": "{(key := some(40))}"}}', key),
        (f"Authorization: Bearer {(key := some(40))}", key),
        (f"我的密碼 password 是 {(key := 'k3' + some(12))}", key),
        (f"client_secret => '{(key := some(30))}'", key),
        (f"the token is {(key := some(28))} and it works", key),
    ]
    return [(f"Please use {value} for that.", value) for value in plain] + placed


ORDINARY = (
    "The password must have at least 8 characters, one digit and one symbol.",
    "Set the api_key to YOUR_API_KEY and the token to <token>.",
    "password = os.environ['DB_PASSWORD']",
    "token = tokenizer.encode(text)[0]; key = data['key1']",
    "api_key: sk-xxxxxxxxxxxxxxxxxxxxxxxx",
    "postgres://user:password@localhost/db and postgres://user:${PASSWORD}@host/db",
    "secret = 'changeme123'",
    "The key is under the mat, the secret is patience, and the token is a coin.",
    "Version 2.13.0 of torch, released 2026-03-04T10:00:00Z, needs 4 GB.",
    "keyboard shortcuts: Ctrl+Shift+T, passwords: none",
    "https://example.com/a/very/long/path/with-many-words-in-it?page=2&sort=asc",
    "def access_token_for(user_name_1): return None",
    "task-oriented dialogue, risk-averse-investors-and-their-friends, disk-partition-utilities-for-linux",
    "hf_transfer and hf_hub_download_with_progress_bars are functions",
    "eyJ is how base64 of a brace begins",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "密碼要有八個字以上，token 是什麼意思？",
)


def test_generated_secrets_are_found() -> None:
    found = total = 0
    for seed in range(5):
        for text, _ in (examples := generated(random.Random(seed))):
            assert len(examples) == 40
            total += 1
            found += may_hold_secret(text) and bool(list(secrets_in(text)))
    assert found >= 0.95 * total


def test_every_kind_is_tried() -> None:
    names = {secret.kind for text, _ in generated(random.Random(1)) for secret in secrets_in(text)}
    assert names == {kind.name for kind in KINDS} | {"password or key"}


def test_no_more_than_four_characters_of_a_secret_are_shown() -> None:
    for text, value in generated(random.Random(3)):
        for secret in secrets_in(text):
            shown = secret.masked.removesuffix("…")
            assert len(shown) <= 4
            assert not shown or value.startswith(shown)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_holds_none(text: str) -> None:
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_false_alarms_on_generated_rows(make_texts: Callable[..., Sequence[tuple[str, str]]], language: str) -> None:
    texts = ["\n".join(pair) for pair in make_texts(language, 1000, random.Random(5))]
    assert sum(may_hold_secret(text) and bool(list(secrets_in(text))) for text in texts) <= 0.01 * len(texts)
    assert sum(bool(personal_data(text)) for text in texts) <= 0.01 * len(texts)


def test_what_looks_random() -> None:
    assert is_irregular("q7Kx93mZpL2v")
    for value in ("correct-horse-battery", "version2", "2026-01-02T10:00:00Z", "aaaa1111", "", "tokenizer.encode2"):
        assert not is_irregular(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ming@shop.com.tw or to Ana.B+x@mail.co", {"email": 2}),
        ("write to me@example.com, user@mail.com, noreply@shop.com", {}),
        ("手機 0912-345-678 或 0912345678，市話 (02) 2345-6789、04-23456789", {"phone": 4}),
        ("+886 912 345 678, +1 (415) 555-2671, 415-555-2671, 0800-123-456", {"phone": 4}),
        ("138 1234 5678", {"phone": 1}),
        ("身分證 A123456789", {"national_id": 1}),
        ("編號 A123456788", {}),
        ("card 4111 1111 1111 1111", {"card_number": 1}),
        ("number 4111 1111 1111 1112", {}),
        ("In 1998 there were 12,345,678 people and 3.14159265358979 of pi; 2024-01-02 10:30", {}),
        ("10 - 20 - 30 and 1 2 3 4 5 6 7 8 9 10", {}),
        ("version 10.0.19045.3803, ip 192.168.100.200, isbn 978-1-4165-4253-7", {}),
    ],
)
def test_personal_data(text: str, expected: dict[str, int]) -> None:
    assert dict(personal_data(text)) == expected
