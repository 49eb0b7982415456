"""Which files hold credentials: by their names and places, and small ones by what they hold."""

from __future__ import annotations

import re
from pathlib import PurePath

from mlexp.redaction.names import Suspicion, suspicion_of

LARGEST = 1 << 18
"""Files beyond this many bytes are not looked into."""

_NAMES = re.compile(
    r"""\.env(?:\..+)? | .+\.env | \.?netrc | _netrc | \.pgpass | \.my\.cnf | \.pypirc | \.npmrc | \.htpasswd
      | \.dockercfg | \.git-credentials | \.boto | \.s3cfg | \.databrickscfg | \.vault-token | \.credentials
      | id_(?:rsa|dsa|ecdsa|ed25519)\w* | .+\.(?:pem|key|p12|pfx|p8|jks|keystore|kdbx|ppk|asc|gpg|age|ovpn)
      | kaggle\.json | client_secrets?.*\.json | credentials(?:\..+)? | token(?:\.(?:json|txt|pickle))?
      | secrets?\.(?:ya?ml|json|toml|ini|txt|env|cfg|py) | service[-_]?account.*\.json
      | application_default_credentials\.json | kubeconfig | (?:api[-_]?)?(?:keys?|tokens?)\.(?:txt|json|ya?ml|ini)
      | .*(?:password|passwd|secret|api[-_]?key|(?:auth|access|hf|api|bot)[-_]token)s?\.(?:txt|json|ya?ml|ini|cfg) """,
    re.VERBOSE | re.IGNORECASE,
)
_EXAMPLES = re.compile(r"(?:\.env\.)?(?:example|sample|template|dist)$", re.IGNORECASE)
_SETTINGS = re.compile(r".+\.(?:py|ipynb|sh|toml|ya?ml|ini|cfg|conf|config|properties|tf|tfvars)|\.\w+rc", re.I)
_FOLDERS = frozenset(
    """
    .aws .ssh .gnupg .azure .gcloud gcloud .kube .docker .kaggle .secrets .streamlit .snowflake .databricks .oci
""".split()
)
_PRIVATE = re.compile(rb"-----BEGIN[A-Z0-9 ]*PRIVATE KEY|AGE-SECRET-KEY-1|PuTTY-User-Key-File")
_JSON_KEYS = re.compile(rb'"(?:private_key|client_secret|aws_secret_access_key|refresh_token)"\s*:\s*"[^"]{8}')
_KAGGLE = re.compile(rb'\{\s*"username"\s*:\s*"[^"]*"\s*,\s*"key"\s*:\s*"[0-9a-f]{32}"\s*\}')
_LINE = re.compile(rb"\s*(?:export\s+)?([A-Za-z_][\w.\-]*)\s*=\s*\S|\s*[#;\[].*$|\s*$")


def is_credential_file(path: str) -> bool:
    """Tell whether a file's name or place says that it holds credentials."""
    parts = PurePath(path.replace("\\", "/")).parts
    if not parts or _EXAMPLES.search(parts[-1]):
        return False
    return bool(_NAMES.fullmatch(parts[-1])) or not _FOLDERS.isdisjoint(parts[:-1])


def is_settings_file(path: str) -> bool:
    """Tell whether a file's name says that it holds code or settings, and no data."""
    return bool(_SETTINGS.fullmatch(PurePath(path.replace("\\", "/")).name))


def holds_credentials(content: bytes) -> bool:
    """Tell whether a file's content is credentials: a private key, an account's JSON, or settings with a secret."""
    if _PRIVATE.search(content) or _JSON_KEYS.search(content) or _KAGGLE.search(content):
        return True
    lines = content.splitlines()[:2000]
    matches = [_LINE.match(line) for line in lines]
    if not lines or any(match is None for match in matches):
        return False
    names = [match[1].decode() for match in matches if match is not None and match[1]]
    return any(suspicion_of(name) >= Suspicion.STRONG for name in names)
