"""Credentials in the options of commands are masked, in text, logs, programs and JSON."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest

from drhttp._redact import Policy
from drhttp._redact.detect.command_lines import WITHOUT_OPTIONS, may_hold_words
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, shortest, text_of

M = "[redacted]"
S = "Zx9Sab1c"

# A command line with a secret, and its masked form.
LINES = [
    (f"curl -u ada:{S} https://x/", f"curl -u {M} https://x/"),
    (f"curl -uada:{S} https://x/", f"curl -u{M} https://x/"),
    (f"curl -sSu ada:{S} https://x/", f"curl -sSu {M} https://x/"),
    (f"curl --user ada:{S} https://x/", f"curl --user {M} https://x/"),
    (f"curl --user=ada:{S} https://x/", f"curl --user={M} https://x/"),
    (f"curl -u 'ada:{S} {S}' https://x/", f"curl -u '{M}' https://x/"),
    (f'curl -s -X POST -u "ada:{S}" https://x/', f'curl -s -X POST -u "{M}" https://x/'),
    (f"curl -Iu ada:{S} https://x/", f"curl -Iu {M} https://x/"),
    (f"curl -nsu ada:{S} https://x/", f"curl -nsu {M} https://x/"),
    (f"curl -#u ada:{S} https://x/", f"curl -#u {M} https://x/"),
    (f"curl -u ada:'my {S}' https://x/", f"curl -u {M} https://x/"),
    (f"curl ^\n  -u ada:{S} https://x/", f"curl ^\n  -u {M} https://x/"),
    (f"curl -E c.pem:{S} https://x/", f"curl -E {M} https://x/"),
    (f"curl --cert c.pem:{S} https://x/", f"curl --cert {M} https://x/"),
    (f"docker login -p{S} -u ada", f"docker login -p{M} -u ada"),
    (f"ldapsearch -w{S}", f"ldapsearch -w{M}"),
    (f"twine upload -p {S}", f"twine upload -p {M}"),
    (f"etcdctl --user root:{S} get a", f"etcdctl --user {M} get a"),
    (f"curl -U ada:{S} -x proxy:8080 https://x/", f"curl -U {M} -x proxy:8080 https://x/"),
    (f"curl --proxy-user ada:{S} https://x/", f"curl --proxy-user {M} https://x/"),
    (f"curl -d 'a;b|c' -o zip -u ada:{S} https://x/", f"curl -d 'a;b|c' -o zip -u {M} https://x/"),
    (f"curl https://x/ \\\n  -H 'Accept: a/b' \\\n  -u ada:{S}\nls", f"curl https://x/ \\\n  -H 'Accept: a/b' \\\n  -u {M}\nls"),
    (f"curl -b 'sid={S}' https://x/", f"curl -b '{M}' https://x/"),
    (f"curl --cookie 'sid={S}' https://x/", f"curl --cookie '{M}' https://x/"),
    (f"curl --oauth2-bearer {S} https://x/", f"curl --oauth2-bearer {M} https://x/"),
    (f"curl --pass {S} --cert a.pem https://x/", f"curl --pass {M} --cert a.pem https://x/"),
    (f"curl -H 'Authorization: Bearer {S}'", f"curl -H 'Authorization: Bearer {M}"),
    (f"/usr/bin/curl.exe -u ada:{S} https://x/", f"/usr/bin/curl.exe -u {M} https://x/"),
    (f"$ sudo -u www curl -u ada:{S} https://x/", f"$ sudo -u www curl -u {M} https://x/"),
    (f"wget --user ada --password {S} https://x/", f"wget --user ada --password {M} https://x/"),
    (f"wget --http-password={S} https://x/", f"wget --http-password={M} https://x/"),
    (f"wget --http-passwd {S} https://x/", f"wget --http-passwd {M} https://x/"),
    (f"http -a ada:{S} x/", f"http -a {M} x/"),
    (f"https --auth ada:{S} x/", f"https --auth {M} x/"),
    (f"http -A bearer -a {S} x/", f"http -A bearer -a {M} x/"),
    (f"mysql -u root -p{S} shop", f"mysql -u root -p{M} shop"),
    (f"mysqldump -h db -P 3306 -uroot -p'{S}' shop", f"mysqldump -h db -P 3306 -uroot -p'{M}' shop"),
    (f"mysql --password={S} shop", f"mysql --password={M} shop"),
    (f"sshpass -p {S} ssh ada@h", f"sshpass -p {M} ssh ada@h"),
    (f"sshpass -p'{S}' ssh ada@h", f"sshpass -p'{M}' ssh ada@h"),
    (f"redis-cli -h r -a {S} ping", f"redis-cli -h r -a {M} ping"),
    (f"redis-server --requirepass {S}", f"redis-server --requirepass {M}"),
    (f"PGPASSWORD={S} PGUSER=a psql -h db", f"PGPASSWORD={M} PGUSER=a psql -h db"),
    (f"psql postgres://ada:{S}@db/shop", f"psql postgres://{M}@db/shop"),
    (f"docker login -u ada -p {S} registry.example", f"docker login -u ada -p {M} registry.example"),
    (f"helm registry login -u ada -p {S} r.example", f"helm registry login -u ada -p {M} r.example"),
    (f"skopeo copy --src-creds ada:{S} a b", f"skopeo copy --src-creds {M} a b"),
    (f"az login -u ada -p {S}", f"az login -u ada -p {M}"),
    (f"mongosh -u ada -p {S} db", f"mongosh -u ada -p {M} db"),
    (f"ldapsearch -x -D cn=a -w {S} -b dc=b", f"ldapsearch -x -D cn=a -w {M} -b dc=b"),
    (f"smbclient //h/s -U ada%{S}", f"smbclient //h/s -U {M}"),
    (f"sqlcmd -S db -U sa -P {S} -Q x", f"sqlcmd -S db -U sa -P {M} -Q x"),
    (f"unzip -P {S} a.zip", f"unzip -P {M} a.zip"),
    (f"7z x -p{S} a.7z", f"7z x -p{M} a.7z"),
    (f"keytool -list -storepass {S} -alias a", f"keytool -list -storepass {M} -alias a"),
    (f"openssl rsa -in k.pem -passin pass:{S} -out o", f"openssl rsa -in k.pem -passin {M} -out o"),
    (f"lftp -u ada,{S} ftp://h", f"lftp -u {M} ftp://h"),
    (f"mosquitto_pub -u ada -P {S} -t a", f"mosquitto_pub -u ada -P {M} -t a"),
    (f"aws configure set aws_secret_access_key {S}", f"aws configure set aws_secret_access_key {M}"),
    (f"npm config set //r.example/:_authToken {S}", f"npm config set //r.example/:_authToken {M}"),
    (f"subprocess.run(['curl', '-u', 'ada:{S}', 'https://x/'])", f"subprocess.run(['curl', '-u', '{M}', 'https://x/'])"),
    (f'exec("mysql", "-p{S}", "shop")', f'exec("mysql", "-p{M}", "shop")'),
]  # fmt: skip


LINES += [
    (f"CURL -U ada:{S} https://x/", f"CURL -U {M} https://x/"),
    (f"Curl.exe -u ada:{S} https://x/", f"Curl.exe -u {M} https://x/"),
    (f"CURL.EXE -u ada:{S} https://x/", f"CURL.EXE -u {M} https://x/"),
    (f"MYSQL -p{S} shop", f"MYSQL -p{M} shop"),
    (f"sqlplus ada/{S}@db", f"sqlplus ada/{M}@db"),
    (f"sqlplus -S -L ada/{S}@//h:1521/db @run.sql", f"sqlplus -S -L ada/{M}@//h:1521/db @run.sql"),
    (f"sqlplus 'ada/{S}'", f"sqlplus 'ada/{M}'"),
    (f"htpasswd -b users ada {S} -x", f"htpasswd -b users ada {M} -x"),
    (f"htpasswd -c -b -C 10 users ada {S}", f"htpasswd -c -b -C 10 users ada {M}"),
    (f"htpasswd -nbB ada {S} > f", f"htpasswd -nbB ada {M} > f"),
    (f"mosquitto_passwd -b f ada {S}", f"mosquitto_passwd -b f ada {M}"),
    (f"rabbitmqctl add_user ada {S}", f"rabbitmqctl add_user ada {M}"),
    (f"mysqladmin -u root password {S}", f"mysqladmin -u root password {M}"),
    (f"smbclient //h/s {S} -U ada", f"smbclient //h/s {M} -U ada"),
    (f"usermod -p {S} ada", f"usermod -p {M} ada"),
    (f"psexec \\\\h -u ada -p {S} cmd", f"psexec \\\\h -u ada -p {M} cmd"),
    (f"pscp -pw {S} a b", f"pscp -pw {M} a b"),
    (f"isql -U sa -P {S}", f"isql -U sa -P {M}"),
    (f"oc login -u ada -p {S}", f"oc login -u ada -p {M}"),
    (f"unzip -qoP {S} a.zip", f"unzip -qoP {M} a.zip"),
    (f"ldapsearch -xw {S} -b dc=b", f"ldapsearch -xw {M} -b dc=b"),
]  # fmt: skip
# Without an option they are found in text only.
WORDS = [
    (f"sqlldr userid=ada/{S} control=c", f"sqlldr userid=ada/{M} control=c"), (f"expdp ada/{S}@db a", f"expdp ada/{M}@db a"),
    (f"rman target sys/{S}@db", f"rman target sys/{M}@db"), (f"wpa_passphrase net {S}", f"wpa_passphrase net {M}"),
    (f"nmcli dev wifi connect net password {S}", f"nmcli dev wifi connect net password {M}"), (f"rclone obscure {S}", f"rclone obscure {M}"),
    (f"vault login {S}", f"vault login {M}"), (f"cf auth ada {S}", f"cf auth ada {M}"), (f"net user ada {S} /add", f"net user ada {M} /add"),
    (f"net use Z: \\\\h\\s {S} /user:ada", f"net use Z: \\\\h\\s {M} /user:ada"), (f"pdftk a user_pw {S}", f"pdftk a user_pw {M}"),
    (f"ansible-vault encrypt_string '{S}'", f"ansible-vault encrypt_string '{M}'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "shown"), WORDS)
def test_secrets_without_an_option(line, shown):
    """The secret is masked among the words of a command, in text and in a log."""
    assert mask_text(line, POLICY)[0] == shown
    assert S not in mask_text(f"INFO run {line}\nnext line", POLICY)[0]
    assert S not in text_of(f"$ {line}\n", "text/plain")


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_the_secret_is_masked(line, shown):
    """The secret is masked in text, in a log, and in a JSON string under any name."""
    assert mask_text(line, POLICY)[0] == shown
    log = f"2024-01-15 10:30:45 INFO run {line}\nnext line"
    assert S not in mask_text(log, POLICY)[0]
    for name in ("command", "text") if " set " in line else ("command", "run", "note"):
        assert json.loads(text_of(json.dumps({name: line}), "application/json")) == {name: shown}
        assert S not in text_of(json.dumps({"a": {"deep": [f"before {line}"]}, name: 1}), "application/json")
    assert S not in text_of(
        f"a=1&cmd={line.replace('&', '%26').replace('%', '%25')}", "application/x-www-form-urlencoded"
    )


@pytest.mark.parametrize(
    "words",
    [
        line.split()
        for line, _ in LINES
        if not set("'\"\\$=,(\n") & set(line) and ("-u ada:" in line or " -p Z" in line or " -a Z" in line)
    ],
)
def test_lists_of_words_in_json(words):
    """The secret is masked in a list of arguments."""
    for name in ("command", "args", "cmd"):
        assert S not in text_of(json.dumps({name: words}), "application/json")


STAY = [
    "curl -u ada https://x/", "curl -u $USER:$PASS https://x/", 'curl -u "${USER}:${PASS}" https://x/', "docker run -p 8080:80 nginx",
    "docker run -u 1000:1000 nginx", "curl -o a.html https://x:8080/", "mysql -u root -p shop", "mysql -p -u root", "mysqldump -P 3306 -h db shop",
    "ssh -p 2222 ada@h", "mkdir -p /a/b", "http -v GET x/", "the http - a protocol - is old", "cp -a a b", "grep -u a:b c", "ps -u root -p 5",
    "curl -b cookies.txt https://x/", "curl --help", "the curl -u option takes a name", "unzip -l a.zip", "zip -r a.zip b", "7z x a.7z",
    "smbclient -U ada //h/s", "sort -u a:b", "libcurl -u a:b", "my-curl -u a:b", "openssl rsa -passin env:PASS -in k", "lftp -u ada ftp://h",
    "az vm create -p x", "redis-cli -h r ping", "git config user.name ada", "aws configure set region eu-west-1", "python -u app:main", "sudo -u www ls",
    "sqlplus / as sysdba", "sqlplus ada@db", "sqlplus -S /nolog @a/b.sql", "htpasswd -c users ada", "htpasswd -b users ada $PASS", "htpasswd -v users ada x",
    "rabbitmqctl list_users", "the vault login page is -x", "the net user growth was", "cf auth is -x", "tar -sSu a:b", "docker run -xp 8080:80 a",
    "mysql -sSp shop", "net use of -a energy", "expdp a=b",
    "a - b: curl, wget - c", "he said: curl - and left", "tar -xzf a -C b", "docker ps -a", "sshpass -e ssh ada@h", "sshpass -f pw.txt ssh ada@h",
]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["curl", f"-uada:{S}", "https://x"],
        ["curl", f"--user=ada:{S}"],
        ["curl", "-sku", f"ada:{S}"],
        ["mysql", "-uroot", f"-p{S}"],
        ["sshpass", f"-p{S}", "ssh", "a"],
        ["/usr/bin/docker", "login", f"-p{S}"],
    ],
)
def test_an_option_and_its_value_in_one_word(words):
    """The word of a list is masked that holds an option and its secret value."""
    shown = json.loads(text_of(json.dumps({"args": words}), "application/json"))["args"]
    assert S not in str(shown)
    assert shown[0] == words[0]


def test_the_same_letters_in_a_list_stay():
    """Options of other commands, and a user without a password, stay."""
    for words in (["tar", "-xpf", "a.tar"], ["curl", "-uada", "https://x"], ["docker", "run", "-p80:80", "a"]):
        text = json.dumps({"args": words})
        assert text_of(text, "application/json") == text


@pytest.mark.parametrize("line", STAY)
def test_other_options_stay(line):
    """Users without a password, variables, ports, files, and the same letters of other commands stay."""
    assert mask_text(line, POLICY) == (line, 0)
    assert text_of(json.dumps({"command": line}), "application/json") == json.dumps({"command": line})


@pytest.mark.wide
@pytest.mark.parametrize(
    "unit", ["curl ", "curl -u ", "curl -", " -u", " -u a:b", "curl -u a:b ", "mysql -p", "sshpass -p", "curl \\\n", "xcurl -", "config set a ", "-sSsSsSsS",
             "curl -u '", "docker login -p ", "curl mysql http zip 7z az -", "configure set token ",
             "curl -u {:\n", "mysql -p[\n", "docker login -p (\n", "curl -b {=\n", "aws configure set a.token {:\n", "config set token {",
             "sqlplus a/", "htpasswd -b ", "htpasswd -b a b ", "rabbitmqctl add_user ", "vault login ", "net use net user ", "CURL -U "]
)  # fmt: skip
def test_the_time_is_linear(unit):
    """Four times as much text takes no more than six times as long."""
    policy = Policy(Redact())

    seconds = partial(shortest, partial(mask_text, policy=policy))

    size = 4_000 // len(unit)
    assert min(seconds("curl " + unit * size * 4) / max(seconds("curl " + unit * size), 1e-3) for _ in range(3)) < 6


@pytest.mark.parametrize(
    "unit", ["curl,-u,a:b,", "curl,-u,ab,", "curl,-u,a(,", "curl,-u,a;b&c,", "curl -u [a ", "curl -u (a:b "]
)
def test_options_whose_values_overlap_are_read_once(unit):
    """Reading is linear if the values of options overlap, as in a line without spaces or behind an open bracket."""
    text = unit * (65_536 // len(unit))
    best = float("inf")
    for _ in range(5):
        begin = time.thread_time()
        text_of(text, "text/plain")
        best = min(best, time.thread_time() - begin)
    assert best < 0.2


def test_options_behind_a_masked_value_are_masked_too():
    """The search continues behind a masked value, and within a value that is not a credential."""
    assert mask_text("curl -u ada:s3cr3t1 -U bob:s3cr3t2 http://h", POLICY)[0].count(M) == 2
    assert "s3cr3t" not in mask_text("curl,-u,ada,-U,bob:s3cr3t", POLICY)[0]


@pytest.mark.parametrize("command", WITHOUT_OPTIONS)
def test_the_search_for_commands_without_options_knows_each_of_them(command: str) -> None:
    assert may_hold_words(f"run {command} now")
    assert not may_hold_words(f"run {command[:-2]} now")
