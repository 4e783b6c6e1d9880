"""Short for password: `pass` and `pw` behind a service, a protocol or an account, as in `REDIS_PASS` and `bindpw`.

By themselves these have other meanings: `boarding_pass`, `first_pass`, and `proxy_pass` of nginx.
"""

from __future__ import annotations

import re

#: What a name with one of these ends with. `pwd` is secret by itself, but not at the end of a word.
ENDS = ("pass", "pw", "pwd")
_OWNERS = frozenset((
    "redis", "mysql", "mariadb", "postgres", "postgresql", "pg", "psql", "mongo", "mongodb", "oracle", "mssql", "sql",
    "sqlserver", "influx", "influxdb", "neo4j", "couchdb", "cassandra", "clickhouse", "elastic", "elasticsearch",
    "opensearch", "kibana", "grafana", "zabbix", "rabbit", "rabbitmq", "rmq", "amqp", "mqtt", "kafka", "nats",
    "activemq", "memcached", "ldap", "bind", "bindu", "ad", "krb", "kerberos", "radius", "samba", "smb", "cifs", "nfs",
    "imap", "pop3", "smtp", "mail", "mailer", "email", "ftp", "sftp", "ftps", "ssh", "scp", "telnet", "vnc", "rdp",
    "winrm", "snmp", "ipmi", "bmc", "idrac", "ilo", "sip", "xmpp", "irc", "http", "https", "rest", "soap", "rpc",
    "webdav", "dav", "vpn", "openvpn", "wifi", "wlan", "ppp", "pppoe", "svn", "git", "jenkins", "jira", "nexus",
    "artifactory", "sonar", "registry", "docker", "harbor", "vault", "ansible", "become", "sudo", "su", "root", "admin",
    "superuser", "sysdba", "db", "database", "rds", "user", "usr", "account", "acct", "login", "auth", "basicauth",
    "client", "server", "service", "svc", "host", "remote", "master", "replica", "replication", "repl", "backup",
    "keystore", "truststore", "store", "cert", "certificate", "pfx", "p12", "pkcs12", "jks", "pem", "ssl", "tls", "wp",
    "wordpress", "joomla", "drupal", "magento", "odoo", "sap", "sftpuser", "enable", "app", "api", "web", "site",
))  # fmt: skip
#: Names without separators: `sshpass`, `bindpw`.
JOINED = frozenset(f"{owner}{end}" for owner in _OWNERS for end in ENDS)
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:PASS|PW)")
# What stands in front of `PASS` where it has another meaning: an attempt, a result, a ticket, a step of rendering.
_OTHER = frozenset((
    "TEST", "TESTS", "CHECK", "CHECKS", "FIRST", "SECOND", "THIRD", "LAST", "NEXT", "PREVIOUS", "SINGLE", "MULTI",
    "ONE", "TWO", "EACH", "EVERY", "THIS", "PER", "ALL", "BY", "MUST", "DID", "TO", "NOT", "NO", "RENDER", "SHADER",
    "DEPTH", "SHADOW", "COLOR", "LIGHT", "BLUR", "POST", "COMPILER", "LLVM", "LOW", "HIGH", "BAND", "BOARDING",
    "SEASON", "DAY", "BATTLE", "GAME", "BUS", "TRAIN", "GUEST", "VISITOR", "SPF", "DKIM", "DMARC", "QUALITY", "GATE",
    "RESULT", "STATUS", "TIME", "FAIL", "OR",
))  # fmt: skip


def ends_with_short_password(name: str, words: list[str]) -> bool:
    """Whether a name ends with a short word for a password.

    words: of the name, in lower case: `["ansible", "become", "pass"]`.
    """
    if words[-1] in JOINED:
        return True
    if words[-1] not in ENDS:
        return False
    return words[-2] in _OWNERS or (_CAPITALS.fullmatch(name) is not None and words[-2].upper() not in _OTHER)
