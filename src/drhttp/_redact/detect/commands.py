"""Commands and their options whose values are credentials, such as `curl -u user:password` and `mysql -psecret`."""

from __future__ import annotations

from typing import NamedTuple

from drhttp._redact.detect.command_words import WORDS


class Command(NamedTuple):
    """The options of a command whose values are secret.

    separate: options whose value is the next word. attached: options whose value follows in the same word; it is in the
    next word if the option is in both. holds: text that the value must contain, such as the colon between user and
    password. only_with: a word that must also occur in the line, such as `login`. flags: short options without a value,
    as a set of a regular expression, that may stand in the same word in front: `curl -sSu user:password`.
    """

    separate: str
    attached: str = ""
    holds: str = ""
    only_with: str = ""
    flags: str = ""


_CURL = "sSfLkivgN#IGOJRjaBnpqlZ0-9"
_LDAP = Command("-w", attached="-w", flags="xLZnvcW")
_MYSQL = Command("", attached="-p")
_MONGO = Command("-p", attached="-p")
_REGISTRY = Command("-p", attached="-p", only_with="login")
_CREDENTIALS = Command("--creds --src-creds --dest-creds --credential", holds=":")
_JAVA = Command("-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass")
_OPENSSL = Command("-pass -passin -passout", holds="pass:")
_SQL = Command("-P", attached="-P")
_ZIP = Command("-P", attached="-P", flags="rjqyuoe0-9")
_SAMBA = Command("-U --user", attached="-U", holds="%")
_SNMP = Command("-A -X -c")
_ARCHIVE = Command("", attached="-p -hp")
#: By command, from the manual of each: curl(1), httpie, mysql(1), sshpass(1), redis-cli, mongosh, docker-login ...
COMMANDS: dict[str, tuple[Command, ...]] = {
    **dict.fromkeys(WORDS, ()),
    "curl": (
        Command("-u --user -U --proxy-user", attached="-u -U", holds=":", flags=_CURL),
        Command("-b", attached="-b", holds="=", flags=_CURL),
        Command("-E --cert --proxy-cert", attached="-E", holds=":", flags=_CURL),
        Command("--proxy-pass"),
    ),
    "wget": (Command("--http-passwd --ftp-passwd"),),
    **dict.fromkeys(("http", "https", "httpie", "xh", "xhs"), (Command("-a --auth", attached="-a"),)),
    **dict.fromkeys(
        ("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlbinlog", "mysqlpump",
         "mariadb", "mariadb-dump", "mariadb-admin"), (_MYSQL,),
    ),
    "sshpass": (Command("-p", attached="-p", flags="v"),),
    **dict.fromkeys(("pscp", "plink", "psftp", "putty"), (Command("-pw"),)),
    **dict.fromkeys(("psexec", "rdesktop", "ncftp", "evil-winrm", "crackmapexec", "nxc", "hydra"), (Command("-p"),)),
    **dict.fromkeys(("useradd", "usermod", "adduser"), (Command("-p"),)),
    "influx": (Command("-password"),),
    "x11vnc": (Command("-passwd"),),
    **dict.fromkeys(("oc", "cf"), (_REGISTRY,)),
    "redis-cli": (Command("-a"),),
    "redis-server": (Command("--requirepass --masterauth"),),
    **dict.fromkeys(
        ("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat"), (_MONGO,)
    ),
    **dict.fromkeys(("docker", "podman", "nerdctl", "buildah", "oras", "crane"), (_REGISTRY, _CREDENTIALS)),
    "helm": (Command("-p", only_with="registry"),),
    "skopeo": (_CREDENTIALS, _REGISTRY),
    "az": (_REGISTRY,),
    **dict.fromkeys(
        ("ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami", "ldapcompare"), (_LDAP,)
    ),
    "ldappasswd": (Command("-w -s -a"),),
    **dict.fromkeys(("smbclient", "rpcclient", "smbget"), (_SAMBA,)),
    **dict.fromkeys(("sqlcmd", "bcp", "osql", "isql"), (_SQL,)),
    **dict.fromkeys(("zip", "unzip"), (_ZIP,)),
    **dict.fromkeys(("7z", "7za", "rar", "unrar"), (_ARCHIVE,)),
    **dict.fromkeys(("keytool", "jarsigner"), (_JAVA,)),
    "openssl": (_OPENSSL, Command("-k")),
    "lftp": (Command("-u", holds=","),),
    "twine": (Command("-p"),),
    "etcdctl": (Command("--user", holds=":"),),
    **dict.fromkeys(("mosquitto_pub", "mosquitto_sub", "ipmitool"), (Command("-P"),)),
    **dict.fromkeys(("snmpwalk", "snmpget", "snmpset"), (_SNMP,)),
    "ssh-keygen": (Command("-N -P", flags="q"),),
    **dict.fromkeys(("rabbitmqadmin", "cqlsh", "cypher-shell"), (Command("-p"),)),
}  # fmt: skip
