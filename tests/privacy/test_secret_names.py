"""Which names are secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp._redact.detect.name_tables import BUILT_IN, IN_QUERIES, WHOLE
from drhttp._redact.detect.name_words import normalize_name
from drhttp._redact.detect.secret_names import SecretNames

NAMES = SecretNames()


def spellings(words):
    """Return the spellings of a name in programs."""
    parts = words.split()
    return [
        "_".join(parts),
        "-".join(parts),
        "_".join(parts).upper(),
        "-".join(part.capitalize() for part in parts),
        parts[0] + "".join(part.capitalize() for part in parts[1:]),
        "".join(part.capitalize() for part in parts),
        "".join(parts),
        ".".join(parts),
        " ".join(parts),
    ]


@pytest.mark.parametrize("words", BUILT_IN)
def test_built_in_names(words):
    """Each built-in name is secret in every spelling, alone, within longer names, and within brackets."""
    for spelling in spellings(words):
        assert NAMES.is_secret(spelling)
        assert NAMES.is_secret(f"my_{spelling}_2")
        assert NAMES.is_secret(f"user[{spelling}][]")


@pytest.mark.parametrize("words", WHOLE)
def test_whole_names(words):
    """Some names are secret only as a whole."""
    assert NAMES.is_secret(words)
    assert NAMES.is_secret(words.upper())
    assert not NAMES.is_secret(f"my_{words}_thing")


@pytest.mark.parametrize("words", IN_QUERIES)
def test_names_in_queries(words):
    """Some names are secret only as parameters of a URL."""
    for spelling in spellings(words):
        assert NAMES.is_secret_in_query(spelling)
        assert not NAMES.is_secret_in_query(f"my_{spelling}_2") or NAMES.is_secret(f"my_{spelling}_2")


@pytest.mark.parametrize(
    "name",
    [
        "accesstoken", "newpassword", "sessionid", "PHPSESSID", "j_password", "oauthtoken", "X-CSRFToken", "userPassword1",
        "csrfmiddlewaretoken", "pass%77ord", "pass%2577ord".replace("%25", "%"), "ｐａｓｓｗｏｒｄ", "pass\u200bword", "p_a_s_s_w_o_r_d",
        "a" * 300 + "_password", "password_" + "a" * 300, "APIKey", "PassWord", "clientSecretKeyId",
    ],
)  # fmt: skip
def test_odd_spellings(name):
    """Names without separators, with too many, with other letters, encoded, or very long are secret too."""
    assert NAMES.is_secret(name)


@pytest.mark.parametrize(
    "name", ["", "-", "_", "%", "é", "tokenizer", "secretary", "passwordless", "a" * 500, "monkey" * 30]
)
def test_other_names(name):
    """Names that only contain the letters of a secret word are not secret."""
    assert not NAMES.is_secret(name)
    assert not NAMES.is_secret_in_query(name)


@pytest.mark.parametrize(
    "name",
    """REDIS_PASS MYSQL_PASS SSHPASS ansible_become_pass RABBITMQ_DEFAULT_PASS imap_pass imapPass bindpw BindPW my_sshpass LDAP_BIND_PW
    ACME_PASS ACME_PW mysqlpwd psk pre_shared_key PresharedKey preSharedKey wifi_psk tls.key privkey SharedAccessSignature""".split(),
)
def test_short_words_for_passwords_and_keys(name):
    """`pass` and `pw` are secret behind a service, a protocol or an account, and in environment variables."""
    assert NAMES.is_secret(name)


@pytest.mark.parametrize(
    "name",
    """proxy_pass ProxyPass fastcgi_pass boarding_pass boardingPass season-pass first_pass low_pass hash_pass TEST_PASS DMARC_PASS
    RENDER_PASS FIRST_PASS all_tests_pass pass_count passes bypass trespass encompass pwned xpw psk_identity tls_key_file""".split(),
)
def test_other_meanings_of_short_words(name):
    """The same words are harmless behind other words."""
    assert not NAMES.is_secret(name)
    assert not NAMES.is_secret_in_query(name)


@pytest.mark.parametrize(
    "words",
    """oob code;activation code;activation key;verify code;validation code;vcode;2fa code;mfa code;tfa code;twofa code;signin code;
    sign in code;magic code;one time pin;mpin;reset key;login key;confirmation key;verification key;invite key;unsubscribe key;
    recovery phrase;unseal keys;pw hash;pin hash;memorable word""".replace("\n    ", "").split(";"),
)
def test_codes_and_keys_in_links(words):
    """One-time codes, keys in links and their like are secret in snake, kebab and camel case, and among other words."""
    first, *others = words.split()
    for name in ("_".join((first, *others)), "-".join((first, *others)), first + "".join(map(str.capitalize, others))):
        assert NAMES.is_secret(name)
        assert NAMES.is_secret(f"user_{name}")


@pytest.mark.parametrize(
    "name",
    """validation_codec vcodec video_codec activation activation_date activation_function verify verify_email_code_sent login_keyboard
    dumping shopping camping reset_keyboard magic validation_error_code spinHash confirmation unsubscribe_url invite memorable
    recovery phrase code_validation unsealed zip_code error_code status_code loginkeyword key_login mpinned""".split(),
)
def test_names_like_codes_and_keys(name):
    """Names with some of the same words or letters are harmless."""
    assert not NAMES.is_secret(name)


def test_further_and_allowed_names():
    """Names of the user are read in any spelling; an allowed one is not secret as the whole name."""
    names = SecretNames(also=["patient ID", "x", "---"], allow=["accessToken", "code"])
    assert all(map(names.is_secret, ("patientId", "PATIENT-ID", "my_patient_id", "x", "x_y", "y-X")))
    assert not any(map(names.is_secret, ("patient", "xy", "---", "access_token", "ACCESS-TOKEN")))
    assert names.is_secret("access_token_2")
    assert not names.is_secret_in_query("code")
    assert names.is_allowed("Access Token")
    assert not names.is_allowed("token")


@given(
    st.sampled_from(sorted(BUILT_IN)),
    st.lists(
        st.sampled_from(["a", "my", "user", "42", "x1", "tokenizer", "é"]), max_size=12
    ),  # 200 characters are read
    st.data(),
)
def test_a_secret_word_in_any_company(words, others, data):
    """The words of a name are found among others, with separators or capital letters between them."""
    at = data.draw(st.integers(0, len(others)))
    parts = [*others[:at], *words.split(), *others[at:]]
    for name in ("_".join(parts), "-".join(parts).upper(), "".join(part.capitalize() + "_" for part in parts)):
        assert NAMES.is_secret(name)


@given(st.text(max_size=300))
def test_any_text_is_a_name(name):
    """No name raises, and the result does not depend on earlier calls."""
    assert NAMES.is_secret(name) == SecretNames().is_secret(name)
    assert normalize_name(normalize_name(name)) == normalize_name(name) or len(name) > 90
