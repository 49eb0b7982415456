"""Which names are those of secrets: decided by their words, of which the last says what the thing is.

`api_key` and `DB_PASSWORD` are; `password_strength`, `pad_token`, `num_tokens` and `sort_key` are not.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Suspicion(IntEnum):
    """How much a name says of its value."""

    NONE = 0
    WEAK = 1
    """A secret if the value looks drawn: `token`, `client_key`."""
    STRONG = 2
    """A secret unless the value looks like a plain word: `api_key`, `hf_token`."""
    CERTAIN = 3
    """A secret unless the value says that it is none: `password`, `client_secret`."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_BEHIND = _set("value val str string text plain raw default b64 base64 bytes prod dev staging live env")
"""Words that may stand behind the one that counts, as in `PASSWORD_PROD`; and numbers anywhere."""
_PASSWORDS = _set("password passwd passphrase passcode pwd passwort kennwort contrasena senha psw")
SERVICES = _set("""
    airtable algolia anthropic anyscale assemblyai asana atlassian aws azure bitbucket buildkite cerebras
    circleci clearml cloudflare cloudinary codecov cohere comet confluent contentful dagshub databricks datadog dd
    deepgram deepl deepseek digitalocean discord docker dockerhub dropbox elastic elevenlabs etherscan facebook figma
    finnhub fireworks fly gcp gemini gh ghcr gitea github gitlab google grafana groq heroku hf hub hubspot huggingface
    jira kaggle labelbox langchain langfuse langsmith linear linkedin mailchimp mailgun mapbox mistral modal mongodb
    neptune netlify newrelic ngrok nomic notion npm nvidia okta openai openrouter openweather pagerduty paypal
    perplexity pinecone plaid postgres posthog postman prefect pypi qdrant quandl rapidapi redis replicate roboflow
    runpod segment sendgrid sentry serpapi shodan shopify slack snowflake snyk sonar square stability stripe supabase
    tavily telegram tiingo together twilio twine twitch twitter vault vercel voyage wandb weaviate xai zendesk zilliz
""")
_KEYS_CERTAIN = _set("secret private encryption decryption signing")
_KEYS_STRONG = _set("api access auth master subscription license licence apim") | SERVICES
_KEYS_WEAK = _set("""
    account admin app application aes client consumer deploy fernet gpg hmac host ingest integration jwt maps pgp rsa
    search server service session shared ssh storage webhook write ingestion
""")
_TOKENS_STRONG = (
    _set("""
    api access admin app auth authentication authorization bearer bot csrf device id identity install jwt login my oauth
    pat personal private push refresh registry robot sas secret security service session user verification
    webhook write read repo release ci job jupyter jpy
""")
    | SERVICES
)
_TOKENS_OF_TEXT = _set("""
    action begin blank bos cls class cur current distill end eos extra first image img in input key lang language last
    mask max memory min model n next num oov out output pad padding per prefix prev previous prompt query reg register
    sep separator source speaker special start state stop sub subword suffix target text thought time tool unk unknown
    value video vocab word audio mem
""")
_WEAK = _set("authorization auth bearer cookie credential credentials creds jwt sid sessionid pass")
_JOINED = {
    "apikey": Suspicion.STRONG, "authkey": Suspicion.STRONG, "accesskey": Suspicion.STRONG,
    "secretkey": Suspicion.CERTAIN, "privatekey": Suspicion.CERTAIN, "accesstoken": Suspicion.STRONG,
    "authtoken": Suspicion.STRONG, "apitoken": Suspicion.STRONG, "clientsecret": Suspicion.CERTAIN,
    "apisecret": Suspicion.CERTAIN, "appsecret": Suspicion.CERTAIN, "bearertoken": Suspicion.STRONG,
    "refreshtoken": Suspicion.STRONG, "sessiontoken": Suspicion.STRONG, "idtoken": Suspicion.STRONG,
    "appid": Suspicion.WEAK, "pw": Suspicion.STRONG, "userpass": Suspicion.STRONG, "dbpass": Suspicion.CERTAIN,
}  # fmt: skip


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, whatever holds them together."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=4096)
def suspicion_of(name: str) -> Suspicion:
    """Return how much a name says of its value."""
    words = [word for word in words_of(name) if not word.isdigit()]
    while len(words) > 1 and words[-1] in _BEHIND:
        del words[-1]
    if not words or len(name) > 100:
        return Suspicion.NONE
    *before, last = words
    previous = before[-1] if before else ""
    if last in _JOINED:
        return _JOINED[last]
    if (
        last in _PASSWORDS
        or (last.endswith(("password", "passwd", "passphrase")) and not last.startswith("no"))
        or last == "secret"
    ):
        return Suspicion.CERTAIN
    if last == "key":
        return Suspicion.WEAK if name in ("KEY", "MY_KEY") else _of_key(before)
    if last == "id" and (before[-2:] == ["access", "key"] or previous == "app"):
        return Suspicion.WEAK
    if last == "token":
        return _of_token(before)
    if last == "pat" and previous in SERVICES:
        return Suspicion.STRONG
    if last == "pass" and (previous in SERVICES or previous in _set("db smtp user admin root mail email ftp sql pg")):
        return Suspicion.CERTAIN
    if last == "phrase" and previous in ("seed", "recovery", "pass"):
        return Suspicion.CERTAIN
    return Suspicion.WEAK if last in _WEAK and previous not in ("n", "low", "high", "first", "second") else Suspicion(0)


def holds_secrets(name: str) -> bool:
    """Tell whether a name is that of several secrets: `passwords`, `api_keys`, `credentials`, `secrets`."""
    words = words_of(name)
    if not words or not words[-1].endswith("s"):
        return False
    if words[-1] in ("creds", "credentials", "secrets"):
        return True
    return suspicion_of(single_of(name)) > Suspicion.NONE


def single_of(name: str) -> str:
    """Return the name of one of several: `api_keys` is `api_key`."""
    *before, last = words_of(name) or ("",)
    return "_".join((*before, last.removesuffix("s")))


def variable_of(name: str) -> str:
    """Return the environment variable that a name stands for: `apiKey` is API_KEY."""
    words = words_of(name)
    if words and words[0] in ("self", "my") and len(words) > 1:
        words = words[1:]
    joined = "_".join(word.upper() for word in words)[:60]
    if joined in ("PWD", "PASS", "", "HOME", "PATH", "USER"):  # these mean something else in an environment
        return "PASSWORD" if joined in ("PWD", "PASS") else "SECRET"
    return joined if joined[0].isalpha() else f"SECRET_{joined}"


def _of_key(before: list[str]) -> Suspicion:
    previous = before[-1] if before else ""
    if previous in _KEYS_CERTAIN or ("secret" in before and previous != "santa"):
        return Suspicion.CERTAIN
    if previous in _KEYS_STRONG:
        return Suspicion.STRONG
    return Suspicion.WEAK if previous in _KEYS_WEAK else Suspicion.NONE


def _of_token(before: list[str]) -> Suspicion:
    previous = before[-1] if before else ""
    if previous in _TOKENS_OF_TEXT:
        return Suspicion.NONE
    return Suspicion.STRONG if previous in _TOKENS_STRONG else Suspicion.WEAK
