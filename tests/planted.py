"""Secrets to plant: drawn anew for each seed, in the shapes that services give them, so that none stands in this file.

A template names its parts: `{hex:32}` is 32 hexadecimal digits, `{an:40}` letters and digits, `{b64:40}`, `{url:40}`
(with `-` and `_`), `{up:16}` capitals and digits, `{num:10}` digits, `{low:20}` small letters and digits, `{uuid}`.
"""

import base64
import random
import re
import string
import uuid
from urllib.parse import quote

_CHARACTERS = {
    "hex": "0123456789abcdef",
    "an": string.ascii_letters + string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    "url": string.ascii_letters + string.digits + "-_",
    "up": string.ascii_uppercase + string.digits,
    "b32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "num": "123456789",
    "low": string.ascii_lowercase + string.digits,
}

BY_SHAPE = {
    "aws id": "AKIA{b32:16}",
    "aws session id": "ASIA{b32:16}",
    "google": "AIza{url:35}",
    "google oauth": "ya29.{url:60}",
    "google client": "GOCSPX-{url:28}",
    "github": "ghp_{an:36}",
    "github app": "ghs_{an:36}",
    "github oauth": "gho_{an:36}",
    "github fine": "github_pat_{an:22}_{an:59}",
    "gitlab": "glpat-{url:20}",
    "gitlab runner": "glrt-{url:20}",
    "openai old": "sk-{an:20}T3BlbkFJ{an:20}",
    "openai": "sk-proj-{url:74}T3BlbkFJ{url:74}",
    "openai service": "sk-svcacct-{url:60}",
    "anthropic": "sk-ant-api03-{url:93}AA",
    "openrouter": "sk-or-v1-{hex:64}",
    "deepseek": "sk-{hex:32}",
    "hugging face": "hf_{an:34}",
    "slack bot": "xoxb-{num:12}-{num:13}-{an:24}",
    "slack user": "xoxp-{num:12}-{num:12}-{hex:32}",
    "slack app": "xapp-1-A{up:10}-{num:13}-{hex:64}",
    "slack hook": "https://hooks.slack.com/services/T{up:9}/B{up:9}/{an:24}",
    "stripe": "sk_live_{an:24}",
    "stripe test": "sk_test_{an:99}",
    "stripe restricted": "rk_live_{an:24}",
    "stripe hook": "whsec_{an:32}",
    "twilio": "SK{hex:32}",
    "sendgrid": "SG.{url:22}.{url:43}",
    "mailgun": "key-{hex:32}",
    "mailchimp": "{hex:32}-us12",
    "npm": "npm_{an:36}",
    "pypi": "pypi-AgEIcHlwaS5vcmc{url:70}",
    "databricks": "dapi{hex:32}",
    "kaggle": "KGAT_{hex:32}",
    "discord": "MTk4{an:20}.{url:6}.{url:27}",
    "discord hook": "https://discord.com/api/webhooks/{num:18}/{url:68}",
    "telegram": "{num:10}:AA{url:33}",
    "heroku": "HRKU-{uuid}",
    "digitalocean": "dop_v1_{hex:64}",
    "new relic": "NRAK-{up:27}",
    "sentry dsn": "https://{hex:32}@o4504.ingest.sentry.io/450",
    "sentry": "sntryu_{hex:64}",
    "dropbox": "sl.{url:130}",
    "square": "EAAA{url:60}",
    "square old": "sq0csp-{url:43}",
    "shopify": "shpat_{hex:32}",
    "linear": "lin_api_{an:40}",
    "notion": "secret_{an:43}",
    "notion new": "ntn_{an:46}",
    "airtable": "pat{an:14}.{hex:64}",
    "pinecone": "pcsk_{an:6}_{an:60}",
    "replicate": "r8_{an:37}",
    "groq": "gsk_{an:52}",
    "xai": "xai-{an:80}",
    "perplexity": "pplx-{an:48}",
    "nvidia": "nvapi-{url:64}",
    "langsmith": "lsv2_pt_{hex:32}_{hex:10}",
    "tavily": "tvly-{an:32}",
    "azure storage": "DefaultEndpointsProtocol=https;AccountKey={b64:86}==;EndpointSuffix=core.windows.net",
    "azure client": "{an:3}8Q~{url:34}",
    "azure ai": "{an:52}JQQJ99{an:26}",
    "grafana": "glsa_{an:32}_{hex:8}",
    "vault": "hvs.{url:90}",
    "doppler": "dp.pt.{an:43}",
    "docker": "dckr_pat_{url:27}",
    "postman": "PMAK-{hex:24}-{hex:34}",
    "supabase": "sbp_{hex:40}",
    "netlify": "nfp_{an:36}",
    "atlassian": "ATATT3xFfGF0{url:170}={hex:8}",
    "figma": "figd_{url:40}",
    "terraform": "{an:14}.atlasv1.{url:67}",
    "hubspot": "pat-na1-{uuid}",
    "dynatrace": "dt0c01.{up:24}.{up:64}",
    "tailscale": "tskey-auth-{an:16}-{an:32}",
    "mapbox": "sk.eyJ1Ijoi{an:40}.{url:22}",
    "age": "AGE-SECRET-KEY-1{up:58}",
    "prefect": "pnu_{an:36}",
    "elevenlabs": "sk_{hex:48}",
    "planetscale": "pscale_tkn_{url:43}",
    "rubygems": "rubygems_{hex:48}",
    "postgres": "postgresql://ada:{an:18}@db.example.com:5432/shop",
    "mysql": "mysql+pymysql://root:{an:9}@10.0.0.7/x",
    "mongodb": "mongodb+srv://ada:{an:14}@cluster0.abcde.mongodb.net/?retryWrites=true",
    "redis": "redis://:{an:20}@cache:6379/0",
    "amqp": "amqp://guest:{an:12}@rabbit:5672//",
    "proxy": "http://ada:{an:10}@proxy.example.com:8080",
    "git": "https://ada:{an:20}@git.example.com/x.git",
    "odbc": "Driver={{SQL Server}};Server=db;Database=x;Uid=ada;Pwd={an:12};",
    "libpq": "host=db user=ada password={an:12} dbname=x",
    "jdbc": "jdbc:snowflake://x.snowflakecomputing.com/?user=ada&password={an:14}",
    "bearer": "Authorization: Bearer {url:40}",
    "netrc": "machine api.wandb.ai login user password {hex:40}",
    "aws line": "aws_secret_access_key = {b64:40}",
    "env line": "export WANDB_API_KEY={hex:40}",
    "dotenv": "COMET_API_KEY={an:25}",
    "yaml": "api_key: {an:25}",
    "json": '{{"api_token": "{an:24}"}}',
    "curl": "curl -u ada:{an:16} https://example.com",
    "flag": "tool --api-key {an:30} run",
    "query": "https://example.com/v1?api_key={an:32}&x=1",
    "kaggle config": "!kaggle config set -n key -v {hex:32}",
    "mysql shell": "!mysql -u root -p{an:14} -h db",
    "weather": "https://api.example.com/data?q=x&appid={hex:32}",
    "settings": "Settings(host='db', password=SecretStr('{an:14}'))",
    "arrow": "api_key  ->  {an:32}",
    "prose": "Your API key is {an:32}",
    "prompt": "Password for ada: {an:16}",
    "xml": "<password>{an:16}</password>",
    "html": "&quot;password&quot;: &quot;{an:16}&quot;",
    "url form": "password%3D{an:16}%26user%3Dada",
    "coloured": "\x1b[31mpassword\x1b[0m=\x1b[32m'{an:16}'\x1b[0m",
    "diff": "+    password = '{an:16}'",
    "docker run": "-e MYSQL_ROOT_PASSWORD={an:16} mysql:8",
    "words": "['--password', '{an:16}']",
    "wandb login": "!wandb login {hex:40}",
    "aws configure": "aws configure set aws_secret_access_key {b64:40}",
    "docker login": "docker login -u ada -p {an:16} registry",
    "header": 'curl -H "X-Api-Key: {an:24}" https://example.com',
    "namespace": "Namespace(lr=0.1, api_key='{an:24}', n=3)",
    "cookie": "Set-Cookie: sessionid={an:32}; Path=/",
    "yaml file": "host: db\\npassword: {an:14}\\nport: 1",
    "log": "INFO connecting with token={an:32} to db",
    "kaggle json": '{{"username":"ada","key":"{hex:32}"}}',
    "sas": "https://x.blob.core.windows.net/c?sv=2022&sig={an:43}%3D&se=2030",
    "datadog": "DD_API_KEY={hex:32}",
    "cohere": 'CO_API_KEY="{an:40}"',
    "cloudflare": "CLOUDFLARE_API_TOKEN={url:40}",
    "snowflake": "SNOWFLAKE_PASSWORD={an:14}",
}
"""Texts that hold a secret each; the secret is what was drawn."""

NAMED = {
    "{name} = {value!r}": (
        "api_key",
        "OPENAI_API_KEY",
        "hf_token",
        "password",
        "client_secret",
        "wandb_key",
        "SECRET_KEY",
        "db_password",
        "accessToken",
    ),
    "cfg = dict(lr=0.1, {name}={value!r})": ("password", "api_key", "auth_token", "passwd"),
    "connect('host', {name}={value!r}, port=1)": ("password", "pwd", "token", "secret_access_key", "passphrase"),
    "settings = {{'lr': 0.1, {name!r}: {value!r}}}": ("password", "apiKey", "x-api-key", "client_secret"),
    "os.environ[{name!r}] = {value!r}": ("NEPTUNE_API_TOKEN", "KAGGLE_KEY", "DB_PASS", "MY_SECRET"),
    "os.environ.setdefault({name!r}, {value!r})": ("COHERE_API_KEY", "PGPASSWORD"),
    "client.{name} = {value!r}": ("api_key", "secret"),
    "def call(x, {name}={value!r}): return x": ("api_key", "password"),
    "class Settings:\n    {name}: str = {value!r}": ("password", "access_token"),
    "user, {name} = 'ada', {value!r}": ("password", "api_token"),
    "if {name} == {value!r}: print('in')": ("password", "admin_password"),
    "parser.add_argument('--{name}', default={value!r})": ("password", "api-key"),
    "{name} = f({value!r})": ("api_key", "token"),
    "{name} = ({value!r}.strip())": ("api_key", "password"),
    "{name} = 'x' if True else {value!r}": ("password", "api_key"),
    "# {name} = {value!r}": ("password", "api_key"),
    "login({name}={value!r})": ("token", "key"),
    "setattr(client, {name!r}, {value!r})": ("api_key", "password"),
    "auth = ({name!r}, {value!r})": ("api_key", "password"),
    "{name}: str = {value!r}": ("password", "token"),
    "session.{name} = ('ada', {value!r})": ("auth",),
    "{name} = field(default={value!r})": ("password",),
    "run(['tool', '--{name}', {value!r}])": ("password", "token"),
    "for {name} in [{value!r}]: pass": ("password",),
    "{name} = {{'dev': {value!r}}}['dev']": ("password", "api_key"),
    "smtp.{name}('ada', {value!r})": ("login",),
    "%env {name} {value}": ("MY_API_KEY", "MY_PASSWORD"),
    "!tool --{name} {value!r} x": ("password", "api-key"),
    "!{name}={value!r} psql -h db": ("PGPASSWORD",),
    'cfg = """\\n{name}: {value!r}\\n"""': ("password", "api_key"),
    'cfg = """\n{name}: {value}\n"""': ("password", "api_key"),
}
"""Code that binds a value to the name of a secret."""

PLACES = (
    "user: ada\npassword: {words}\nhost: db",
    "pwd = {words}",
    "[db]\npassword={words}\nport=1",
    "TOKEN IS: {an}",
    "THE PASSWORD IS {pw}",
    "Incorrect API key provided: {an}.",
    "INFO:root:logging in with password={words}",
    "password:\n  {pw}",
    "password => {words}",
    "<b>password</b>: {pw}",
    '<input type="password" name="pw" value="{pw}">',
    "<input value='{pw}' type='password'/>",
    '<input type="hidden" name="csrf_token" value="{an}">',
    "  name         password\n0  ada  {pw}\n1  bob  zzz",
    "<tr><th></th><th>user</th><th>api_key</th></tr>\n<tr><th>0</th><td>ada</td><td>{an}</td></tr>",
    "<tr><td>password</td><td>{pw}</td></tr>",
    "| user | password |\n|------|------|\n| ada | {pw} |",
    "| password | {pw} |",
    "https://ada:*{pw}@db.example.com/x",
    "CREATE USER ada IDENTIFIED BY '{pw}'",
    "ALTER USER ada WITH PASSWORD '{words}'",
    "CREATE SECRET s (TYPE S3, KEY_ID 'x', SECRET '{an}')",
    "fs.azure.account.key.x.dfs.core.windows.net={an}{an}",
    "echo '{pw}' | docker login --password-stdin",
    "redis-cli -h db -a {pw} ping",
    "curl -b 'session={an}' https://example.com",
    "curl -H 'api-key: {words}7' https://example.com",
    '[api]\nkey = "{an}"',
)
"""Texts around a secret: `{an}` letters and digits, `{pw}` a password of all characters, `{words}` letters."""

CODES = (
    'client = OpenAI("{hex}")',
    'client = finnhub.Client("{an}")',
    'run = comet_ml.Experiment("{an}", project_name="x")',
    "params = {{'q': 'London', 'appid': '{hex}'}}",
    "r = requests.get(url, params={{'key': '{an}'}})",
    "key = b'{fernet}'\nbox = Fernet(key)",
    "k = b'{fernet}'\nbox = Fernet(k)",
    "k = '{hex}'\nopenai.api_key = k",
    "k = '{hex}'\nclient = Client(api_key=k)",
    "db = pymysql.connect('localhost', 'root', '{pw}', 'shop')",
    "auth.set_access_token('{an}', 'x')",
    "auth = tweepy.OAuthHandler('abc', '{an}')",
    "box = AES.new(b'{an}', AES.MODE_CBC)",
    "code = pyotp.TOTP('{an}')",
    "token = jwt.encode({{'a': 1}}, '{words}', algorithm='HS256')",
    "x = os.getenv('DB_PASSWORD') or '{words}'",
    "st.secrets['x'] = '{an}'",
    "dbutils.secrets.put('scope', 'name', '{an}')",
    "x = 1  # password: {words}",
    "%set_env DB_PASSWORD={pw}",
    "!PGPASSWORD={words} psql -h db",
    "!export DB_PASS={words}",
    "%%bash\nDB_PASSWORD={words}\necho done",
    "%%track\n%%writefile .env\nDB_PASSWORD={words}\nX=1",
    "%%bash\ncat > db.ini <<EOF\n[db]\npassword = {words}\nEOF",
    "cfg.read_string('[db]\\npassword={words}\\n')",
    'cfg = yaml.safe_load("""\napi:\n  key: {an}\n""")',
)
"""Code around a secret."""

INNOCENT = """
use_cls_token = True
num_tokens = 4096; max_tokens = 512; n_tokens_per_step = 8192
key_padding_mask = None
pad_token = "[PAD]"; eos_token = "</s>"; bos_token = "<|begin_of_text|>"; token = "hello"; mask_token = "<mask>"
tokenizer = "bert-base-uncased"; model_name = "meta-llama/Llama-3.1-8B-Instruct"; token_pattern = r"(?u)\\\\b\\\\w+"
secret_santa_rate = 0.25; passwordless = True; password_strength = "strong"; secretary = "problem"
columns = ["password_strength", "token_count", "user_token_ratio", "key", "api_key_used"]
md5 = "d41d8cd98f00b204e9800998ecf8427e"; sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
commit = "9fceb02d0ae598e95dc970b74767f19372d61af8"; run_id = "550e8400-e29b-41d4-a716-446655440000"
primary_key = "customer_id"; sort_key = "created_at"; keys = ["a", "b"]; foreign_key = "orders.customer_id"
rng_key = "jax.random.PRNGKey(0)"; cache_key = "train-v2-2024-01-01"; key = "val_loss"; keyword = "pass"
x = df.pivot(index="key", columns="token", values="secret_score"); df["token"] = df["text"].str.split()
run = Run("9fceb02d0ae598e95dc970b74767f19372d61af8"); id = UUID("550e8400-e29b-41d4-a716-446655440000")
model = AutoModel("sentence-transformers/all-MiniLM-L6-v2"); params = {"key": "val_loss", "app": "churn"}
# password  strength_of_it  n_tokens
author = "Ada Lovelace"; authority = "EPA"; authors = 3; monkey = "banana"; turkey = "TR"; hockey = "NHL"
url = "https://example.com:8080/data.csv?key=a&page=2"; repo = "git@github.com:ada/project.git"
path = "data/tokens/train.parquet"; token_path = "models/tokenizer.json"; secrets_file = "secrets.toml"
key_path = "~/.ssh/known_hosts"; api_key_env = "OPENAI_API_KEY"; api_key = os.environ["OPENAI_API_KEY"]
password = getpass.getpass("Password: "); token = os.getenv("HF_TOKEN"); api_key = None; password = ""
hf_token = "<your token here>"; api_key = "YOUR_API_KEY"; password = "****"; secret = "${SECRET}"; token = "{token}"
scaler = StandardScaler(); clf = LogisticRegression(penalty="l2", random_state=0, max_iter=1000)
sk_learn = "scikit-learn"; package = "sk-learn-contrib-extras-2024"; hf_dataset = "hf_internal_testing_datasets_tiny"
accession = "ENSG00000141510"; smiles = "CC(=O)OC1=CC=CC=C1C(=O)O"
seq = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ"
label2id = {"password": 0, "username": 1, "token": 2}; entity = ("password", "O"); print("Password", "is wrong")
df.rename(columns={"pwd": "password", "tok": "token"}); types = {"password": "str", "api_key": "string"}
loss_key = "eval/loss"; access = "public"; bearer = "polar"; auth_score = 0.91; cookie_count = 12; pat = r"\\d+"
""".strip().replace("\\\\\\\\", "\\\\")
"""Code in which nothing is secret."""


def drawn(template: str, seed: object) -> tuple[str, list[str]]:
    """Return the text of a template, and what was drawn for it."""
    rng = random.Random(f"{template}{seed}")
    parts: list[str] = []

    def part(match: re.Match[str]) -> str:
        kind, _, n = match[1].partition(":")
        if kind == "uuid":
            parts.append(str(uuid.UUID(int=rng.getrandbits(128), version=4)))
        else:
            while True:
                text = "".join(rng.choices(_CHARACTERS[kind], k=int(n)))
                if any(c.isdigit() for c in text) or int(n) < 8:
                    break
            parts.append(text)
        return parts[-1]

    text = re.sub(r"(?<!\{)\{(uuid|[a-z0-9]+:\d+)\}", part, template)
    return text.replace("{{", "{").replace("}}", "}"), parts


def placed(template: str, seed: object) -> tuple[str, str]:
    """Return the text of one of `PLACES` or `CODES`, and its secret."""
    rng = random.Random(f"{template}{seed}")
    letters, hexadecimal = string.ascii_letters + string.digits, "0123456789abcdef"
    kinds = {
        "an": "".join(rng.choices(letters, k=31)) + "7",
        "hex": "".join(rng.choices(hexadecimal, k=31)) + "7",
        "pw": "".join(rng.choices(letters + "!%^&*._-+", k=12)) + "_8x",
        "words": rng.choice(("hunter", "banana", "dragon")) + rng.choice(("hunter", "battery", "staple")),
        "fernet": base64.urlsafe_b64encode(rng.randbytes(32)).decode(),
    }
    kind = next(kind for kind in kinds if f"{{{kind}}}" in template)
    return template.format(**kinds), kinds[kind]


def secret_of(parts: list[str]) -> str:
    """Return the longest part that was drawn: what must not be found."""
    return max(parts, key=len)


def jwt(seed: int) -> str:
    """Return a token of JSON Web."""
    rng = random.Random(seed)
    body = base64.urlsafe_b64encode(f'{{"sub":"{rng.getrandbits(40)}","name":"Ada"}}'.encode()).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{body}.{''.join(rng.choices(_CHARACTERS['url'], k=43))}"


def private_key(seed: int, kind: str = "RSA PRIVATE KEY") -> tuple[str, str]:
    """Return a private key as it stands in a file, and one of its lines."""
    rng = random.Random(seed)
    lines = ["".join(rng.choices(_CHARACTERS["b64"], k=64)) for _ in range(6)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]), lines[3]


def password(seed: object) -> str:
    """Return a password as people draw them."""
    rng = random.Random(f"password{seed}")
    return "".join(rng.choices(string.ascii_letters + string.digits + "!%^&*._-+", k=14)) + "7"


def forms(secret: str) -> list[str]:
    """Return a secret as output may hold it: escaped, quoted, encoded, in pieces."""
    wrapped = "\n".join(secret[i : i + 16] for i in range(0, len(secret), 16))
    return [
        secret,
        repr(f"a\n{secret}\n"),
        quote(f"x={secret}"),
        f"\x1b[31m{secret}\x1b[0m",
        f"\\n{secret}\\n",
        wrapped,
    ]
