"""Names that join a brand and a secret phrase are secret in every place; similar names are not."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact.detect.compound_names import PHRASES
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.urls import mask_url
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"
VALUE = "Zx9S4ab"

SECRET = """X-RapidAPI-Key x-rapidapi-key X-RAPIDAPI-KEY rapidapi_key rapidapikey RapidApiKey rapidAPIKey RAPIDAPIkey
SERPAPI_KEY serpapi-key serpapikey SerpApiKey SERPAPIkey serpapi.key SERPAPI_KEYS newsapi-key newsapi_key newsapikey NewsAPIKey
mapsapi_key mapsapikey mapsApiKey GOOGLEMAPSAPI_KEY weatherapi_key weatherapikey WEATHERAPI_KEY openweatherapi-key
ScraperAPIKey scraperapi_key SCRAPERAPI_KEY zenrowsapi-key OPENAI_API_KEY openaiapi_key openaiapikey xAiApiKey XAIAPI_KEY
geminiapi_key mistralapi-key anthropicapikey abuseipdbapi_key x-cgproapi-key zapikey ipapi_key tomorrowapi-keys hunterapi_key_2
AWSAccessKey awsaccesskey awsaccess_key AWSACCESS_KEY aws-accesskey s3accesskey S3ACCESS_KEYS useraccess-key minioaccesskey
ossaccess_key bunnyaccesskey unsplashaccess_key mysecretkey foosecretkey foosecret_key djangosecretkey AWSSECRETKEY
minioSecretkey stripesecret-key sessionsecretkeys fooauthtoken FOOAUTHTOKEN fooauth_token twilioauthtoken TWILIOAUTH_TOKEN
x-myauthtoken ngrokauthtoken rsaprivatekey rsaprivate_key sshprivatekey HOSTPRIVATE_KEY ocpapimsubscriptionkey
azuresubscription-key bingsubscriptionkey dataencryption_key diskencryptionkey x[rapidapi-key] user.serpapi_key
Ocp-Apim-Subscription-Key""".split()

HARMLESS = """monkey turkey donkey whiskey hockey jockey Mickey lackey flunkey keyboard keyboards hotkey hotkeys hot_key keypad
keynote keystroke key_code keycode api_keyboard apikeyboard_layout api_keypad access_keyboard secretary_key turkey_key monkey_key
donkey-keys primary_key primarykey foreign_key foreignkey partition_key partitionKey sort_key sortKey cache_key cacheKey
idempotency_key Idempotency-Key idempotencyKey public_key publicKey composite_key unique_key candidate_key natural_key
surrogate_key object_key objectKey s3_key bucket_key row_key rowKey document_key record_key routing_key routingKey message_key
kafka_key index_key lookup_key group_key parent_key child_key translation_key i18n_key locale_key feature_key flag_key
setting_key config_key registry_key shard_key hash_key range_key dict_key map_key arrow_key enter_key escape_key
shortcut_key modifier_key okapi_key okapi-keys map_ikey MONkey x-rapidapi-host
rapidapi_host serpapi_url newsapi mapsapi weatherapi api apis api_version apiVersion x-api-version api_url openapi openapi_url
rapid_api fast_api access accessible accessibility_key access_level accessed_key process_key success_key access_mode
private privacy_key private_ip privateer_key subscription subscriber_key subscription_id encrypted encryption
encryption_algorithm rekey rekeying lookupkey typekey storekey mastkey keysight keyword keywords key_words keychain_name
museum_keys piano_keys key_signature_count""".split()


def test_the_corpora_are_large():
    """There are at least 60 secret names and at least 100 harmless ones."""
    assert len(set(SECRET)) >= 60
    assert len(set(HARMLESS)) >= 100


@pytest.mark.parametrize("name", SECRET)
def test_a_compound_is_masked_in_every_place(name):
    """The value is masked in header fields, queries, forms, JSON, XML, cookies shown by name, and logs."""
    quoted = name.replace("[", "%5B").replace("]", "%5D")
    assert POLICY.is_secret(name)
    assert mask_headers(((name, VALUE),), POLICY)[0] == ((name, M),)
    assert mask_url(f"https://h/?a=1&{quoted}={VALUE}", POLICY)[0] == f"https://h/?a=1&{quoted}={M}"
    assert text_of(f"a=1&{quoted}={VALUE}", "application/x-www-form-urlencoded") == f"a=1&{quoted}={M}"
    assert text_of(json.dumps({"a": [{name: VALUE}]}), "application/json") == json.dumps({"a": [{name: M}]})
    assert mask_text(f"with {name}={VALUE} it runs", POLICY)[0] == f"with {name}={M} it runs"
    assert mask_text(f'"{name}": "{VALUE}"', POLICY)[0] == f'"{name}": "{M}"'
    if "[" not in name:
        assert text_of(f"<a><{name}>{VALUE}</{name}></a>", "application/xml") == f"<a><{name}>{M}</{name}></a>"


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_looks_so_stays(name):
    """A harmless name stays alone, behind another word, and in capital letters."""
    for spelling in (name, f"my_{name}", name.upper()):
        assert not POLICY.is_secret(spelling), spelling
    assert mask_headers(((name, VALUE),), POLICY) == (((name, VALUE),), 0)


@pytest.mark.parametrize("name", ["okapiKey", "MapIKey", "swapIKeys", "turKey", "keyBoard"])
def test_capital_letters_tell_words_apart(name):
    """Capital letters alone show that the first word is a different one."""
    assert not POLICY.is_secret(name)


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize("brand", ["acme", "zz9", "quux"])
def test_any_brand_in_any_spelling(phrase, brand):
    """Any brand may be joined to the phrase, in any spelling."""
    first, last = phrase
    for name in (
        f"{brand}{first}{last}", f"{brand}{first}_{last}", f"{brand}{first}-{last}s", f"{brand}{first}.{last}",
        f"{brand}{first}{last}".upper(), f"{brand}{first}_{last}".upper(), f"{brand}{first.upper()}{last.capitalize()}",
        f"{brand.capitalize()}{first}{last.capitalize()}s", f"x-{brand}{first}-{last}", f"x_{brand}{first}_{last}_1",
    ):  # fmt: skip
        assert POLICY.is_secret(name), name


def test_a_compound_can_be_allowed():
    """A name in `allow` is not secret, in any spelling."""
    assert not Policy(Redact(allow=["rapidapi key"])).is_secret("RapidAPI-Key")


def test_a_compound_of_two_words_in_text():
    """A label of two words in a sentence counts as one name."""
    assert mask_text(f"the RapidAPI key: {VALUE}", POLICY)[0] == f"the RapidAPI key: {M}"
    assert mask_text("the turkey key: red", POLICY) == ("the turkey key: red", 0)
