"""Tokens of services: the name of the variable that holds one, how it may begin, and what follows."""

from __future__ import annotations

_DRAWN = r"[A-Za-z0-9_\-]"
_END = r"(?![A-Za-z0-9])"
TABLE = rf"""
ANTHROPIC_API_KEY       sk-ant-                     {_DRAWN}{{16,}}
OPENROUTER_API_KEY      sk-or-                      {_DRAWN}{{16,}}
OPENAI_API_KEY          sk-proj- sk-svcacct- sk-admin- sk-None-     {_DRAWN}{{16,}}
LANGFUSE_SECRET_KEY     sk-lf-                      {_DRAWN}{{16,}}
AWS_ACCESS_KEY_ID       AKIA ASIA ABIA ACCA         [A-Z0-9]{{16}}{_END}
GOOGLE_API_KEY          AIza                        {_DRAWN}{{30,}}
GOOGLE_OAUTH_TOKEN      ya29.                       [\w\-./]{{16,}}
GOOGLE_CLIENT_SECRET    GOCSPX-                     {_DRAWN}{{20,}}
GOOGLE_REFRESH_TOKEN    1//0                        {_DRAWN}{{30,}}
GITHUB_TOKEN            ghp_ gho_ ghu_ ghs_ ghr_    [A-Za-z0-9]{{30,}}
GITHUB_TOKEN            github_pat_                 [A-Za-z0-9_]{{30,}}
GITLAB_TOKEN            glpat- gldt- glrt- glrtr- glptt- glcbt-           [\w\-.]{{16,}}
GITLAB_TOKEN            glsoat- glft- glimt- glagent- gloas- glffct-  [\w\-.]{{16,}}
HF_TOKEN                hf_ api_org_                [A-Za-z0-9]{{28,}}
SLACK_TOKEN             xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-  [\w\-.%]{{10,}}
SLACK_WEBHOOK_URL       hooks.slack.com/            (?:services|workflows|triggers)/[\w+/\-]{{16,}}
STRIPE_API_KEY          sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_  [A-Za-z0-9]{{10,}}
STRIPE_WEBHOOK_SECRET   whsec_                      [A-Za-z0-9+/=]{{20,}}
TWILIO_API_KEY          SK AC                       [0-9a-f]{{32}}{_END}
SENDGRID_API_KEY        SG.                         [\w\-]{{16,}}\.[\w\-]{{16,}}
MAILGUN_API_KEY         key- pubkey-                [0-9a-f]{{32}}{_END}
NPM_TOKEN               npm_                        [A-Za-z0-9]{{30,}}
PYPI_TOKEN              pypi-                       Ag{_DRAWN}{{30,}}
WANDB_API_KEY           wandb_v1_                   {_DRAWN}{{20,}}
KAGGLE_API_TOKEN        KGAT_                       [A-Za-z0-9]{{20,}}
DATABRICKS_TOKEN        dapi dkea dose dsapi        [0-9a-f]{{32}}(?:-\d)?{_END}
DISCORD_WEBHOOK_URL     discord.com/api/webhooks/ discordapp.com/api/webhooks/  \d+/[\w\-]{{30,}}
HEROKU_API_KEY          HRKU-                       [\w\-]{{30,}}
DIGITALOCEAN_TOKEN      dop_v1_ doo_v1_ dor_v1_     [0-9a-f]{{40,}}
CLOUDFLARE_API_KEY      v1.0-                       [0-9a-f]{{24}}-[0-9a-f]{{100,}}
CLOUDFLARE_API_TOKEN    cfut_ cfat_ cfk_            [A-Za-z0-9]{{30,}}
NEW_RELIC_API_KEY       NRAK- NRII- NRJS- NRAA- NRRA- NRSP- NRBR-  {_DRAWN}{{12,}}
SENTRY_AUTH_TOKEN       sntrys_ sntryu_ sntrya_     [\w\-+/=]{{30,}}
DROPBOX_TOKEN           sl.                         (?:u\.)?[\w\-]{{60,}}
SQUARE_ACCESS_TOKEN     EAAA EAAl                   {_DRAWN}{{50,}}
FACEBOOK_ACCESS_TOKEN   EAAC EAAB EAAD EAAE EAAG EAAJ EAAM  [A-Za-z0-9]{{60,}}
SQUARE_ACCESS_TOKEN     sq0atp- sq0csp- sq0idp- sq0idb-  {_DRAWN}{{20,}}
SHOPIFY_ACCESS_TOKEN    shpat_ shpca_ shppa_ shpss_ shpua_ shptka_  [0-9a-fA-F]{{32}}
LINEAR_API_KEY          lin_api_ lin_oauth_ lin_wh_  [A-Za-z0-9]{{28,}}
NOTION_TOKEN            ntn_ secret_                [A-Za-z0-9]{{40,}}
PINECONE_API_KEY        pcsk_                       [A-Za-z0-9_]{{30,}}
REPLICATE_API_TOKEN     r8_                         [A-Za-z0-9]{{30,}}
GROQ_API_KEY            gsk_                        [A-Za-z0-9]{{30,}}
XAI_API_KEY             xai-                        [A-Za-z0-9]{{30,}}
PERPLEXITY_API_KEY      pplx-                       [A-Za-z0-9]{{30,}}
FIREWORKS_API_KEY       fw_                         [A-Za-z0-9]{{22,}}
TOGETHER_API_KEY        tgp_v1_                     {_DRAWN}{{30,}}
VOYAGE_API_KEY          pa-                         {_DRAWN}{{40,}}
TAVILY_API_KEY          tvly-                       {_DRAWN}{{20,}}
LANGSMITH_API_KEY       lsv2_ ls__                  [A-Za-z0-9_]{{30,}}
NVIDIA_API_KEY          nvapi-                      {_DRAWN}{{40,}}
ELEVENLABS_API_KEY      sk_                         [0-9a-f]{{40,}}{_END}
RUNPOD_API_KEY          rpa_                        [A-Za-z0-9]{{36,}}
CEREBRAS_API_KEY        csk-                        [a-z0-9]{{36,}}
COHERE_API_KEY          co_                         [A-Za-z0-9]{{36,}}
POSTMAN_API_KEY         PMAK-                       [0-9a-f]{{24}}-[0-9a-f]{{30,}}
PULUMI_ACCESS_TOKEN     pul-                        [0-9a-f]{{40}}{_END}
VAULT_TOKEN             hvs. hvb. hvr.              [\w\-]{{20,}}
DOPPLER_TOKEN           dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.  [\w\-.]{{36,}}
DOCKER_TOKEN            dckr_pat_ dckr_oat_         {_DRAWN}{{20,}}
GRAFANA_TOKEN           glc_ glsa_                  [\w+/=]{{30,}}
SUPABASE_KEY            sbp_ sb_secret_             {_DRAWN}{{28,}}
VERCEL_TOKEN            vcp_ vck_ vci_ vca_ vcr_ vercel_  [A-Za-z0-9]{{24,}}
NETLIFY_AUTH_TOKEN      nfp_ nfc_ nfo_ nfu_ nfb_    [A-Za-z0-9]{{30,}}
FLY_API_TOKEN           fo1_                        {_DRAWN}{{30,}}
PLANETSCALE_TOKEN       pscale_tkn_ pscale_oauth_ pscale_pw_  [\w\-.=]{{28,}}
NEON_API_KEY            napi_                       [a-z0-9]{{40,}}
CONTENTFUL_TOKEN        CFPAT-                      {_DRAWN}{{30,}}
FIGMA_TOKEN             figd_                       {_DRAWN}{{30,}}
ATLASSIAN_API_TOKEN     ATATT3 ATCTT3 ATBB          [\w\-+/=]{{24,}}
HUBSPOT_TOKEN           pat-na1- pat-na2- pat-eu1-  [0-9a-fA-F\-]{{36}}
POSTHOG_API_KEY         phx_                        [A-Za-z0-9_]{{30,}}
BUILDKITE_TOKEN         bkua_ bkct_                 [A-Za-z0-9]{{30,}}
CIRCLECI_TOKEN          CCIPAT_ CCIPRJ_             [\w]{{30,}}
RUBYGEMS_API_KEY        rubygems_                   [0-9a-f]{{40,}}
CARGO_REGISTRY_TOKEN    cio                         [A-Za-z0-9]{{32}}{_END}
NUGET_API_KEY           oy2                         [a-z0-9]{{43}}{_END}
JFROG_API_KEY           AKCp                        [A-Za-z0-9]{{60,}}
JFROG_TOKEN             cmVmdGtu                    [A-Za-z0-9]{{50,}}
PREFECT_API_KEY         pnu_ pnb_                   [A-Za-z0-9]{{30,}}
SONAR_TOKEN             sqp_ squ_ sqa_ sqb_         [0-9a-f]{{40}}{_END}
DYNATRACE_TOKEN         dt0c01. dt0s01. dt0s16.     [A-Z0-9]{{20,}}\.[A-Z0-9]{{40,}}
PLAID_ACCESS_TOKEN      access-sandbox- access-development- access-production-  [0-9a-f\-]{{36}}
PAYPAL_ACCESS_TOKEN     access_token$production$ access_token$sandbox$  [\w$]{{20,}}
RAZORPAY_KEY            rzp_live_ rzp_test_         [A-Za-z0-9]{{14,}}
TAILSCALE_KEY           tskey-                      {_DRAWN}{{16,}}
MAPBOX_TOKEN            sk.eyJ pk.eyJ tk.eyJ        [\w\-]{{20,}}\.[\w\-]{{16,}}
AGE_SECRET_KEY          AGE-SECRET-KEY-             [0-9A-Z]{{40,}}
SOURCEGRAPH_TOKEN       sgp_ sgd_                   [\w]{{36,}}
PAGERDUTY_TOKEN         pdus+ pdeu+                 [\w+\-]{{16,}}
DUFFEL_TOKEN            duffel_live_ duffel_test_   {_DRAWN}{{30,}}
FLUTTERWAVE_KEY         FLWSECK- FLWSECK_TEST-      [A-Za-z0-9\-]{{12,}}
FRAMEIO_TOKEN           fio-u-                      {_DRAWN}{{40,}}
SHIPPO_TOKEN            shippo_live_ shippo_test_   [0-9a-f]{{40}}
EASYPOST_API_KEY        EZAK EZTK                   [A-Za-z0-9]{{54}}
README_API_KEY          rdme_                       [a-z0-9]{{50,}}
TYPEFORM_TOKEN          tfp_                        [\w\-.]{{40,}}
BREVO_API_KEY           xkeysib- xsmtpsib-          [0-9a-f]{{50,}}(?:-\w+)?
RESEND_API_KEY          re_                         [A-Za-z0-9]{{8,}}_[A-Za-z0-9]{{20,}}
KLAVIYO_API_KEY         pk_                         [0-9a-f]{{34}}{_END}
OPENAI_API_KEY          sess-                       [A-Za-z0-9]{{36,}}
ZILLIZ_API_KEY          db_                         [0-9a-f]{{60,}}{_END}
APIFY_TOKEN             apify_api_                  [A-Za-z0-9]{{30,}}
SCALE_API_KEY           live_                       [0-9a-f]{{32}}{_END}
MODAL_TOKEN             ak- as-                     [A-Za-z0-9]{{22}}{_END}
UNKEY_ROOT_KEY          unkey_                      [A-Za-z0-9]{{20,}}
STATSIG_KEY             secret-                     [A-Za-z0-9]{{36,}}
"""
WORDY = frozenset(
    """
    HF_TOKEN NOTION_TOKEN GITHUB_TOKEN FIREWORKS_API_KEY VERCEL_TOKEN VOYAGE_API_KEY RESEND_API_KEY POSTHOG_API_KEY
    PREFECT_API_KEY MODAL_TOKEN COHERE_API_KEY UNKEY_ROOT_KEY GRAFANA_TOKEN CIRCLECI_TOKEN SOURCEGRAPH_TOKEN NPM_TOKEN
    LANGSMITH_API_KEY GROQ_API_KEY REPLICATE_API_TOKEN SUPABASE_KEY STATSIG_KEY TAVILY_API_KEY
""".split()
)
"""Names of rules whose anchor also begins ordinary names: the value has to look drawn."""
