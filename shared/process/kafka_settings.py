"""`KAFKA_*`: the cluster, and how to sign in to it."""

from shared.addresses import KafkaAccess
from shared.addresses.kafka import MECHANISMS, PROTOCOLS
from shared.process.environment import BadSetting, Env


def read_kafka(env: Env, *, local: bool) -> KafkaAccess | None:
    """The cluster and how to sign in to it; None: there is none."""
    bootstrap = env.text("KAFKA_BOOTSTRAP_SERVERS")
    if bootstrap is None:
        return None
    for server in bootstrap.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            reason = f"has {server.strip()!r}, which is not host:port"
            env.fault(BadSetting("KAFKA_BOOTSTRAP_SERVERS", reason))
    name = "KAFKA_SECURITY_PROTOCOL"
    is_said = env.text(name) is not None
    access = KafkaAccess(
        bootstrap=bootstrap,
        protocol=env.choice(name, "PLAINTEXT", PROTOCOLS),
        mechanism=env.text("KAFKA_SASL_MECHANISM"),
        username=env.text("KAFKA_SASL_USERNAME"),
        password=env.text("KAFKA_SASL_PASSWORD"),
        ca_file=env.file("KAFKA_SSL_CA_FILE"),
        cert_file=env.file("KAFKA_SSL_CERT_FILE"),
        key_file=env.file("KAFKA_SSL_KEY_FILE"),
    )
    if not (is_said or local or access.is_here or env.is_private):
        reason = "is not set: SASL_SSL or SSL; PLAINTEXT, for a network of your own, must be said"
        env.fault(BadSetting(name, reason))
    if access.protocol == "SASL_PLAINTEXT" and not access.is_here:
        env.fault(
            BadSetting(name, "is SASL_PLAINTEXT: a password in plain text, to another machine")
        )
    _check_sign_in(env, access)
    _check_certificates(env, access)
    return access


def _check_sign_in(env: Env, access: KafkaAccess) -> None:
    given = {
        "KAFKA_SASL_MECHANISM": access.mechanism,
        "KAFKA_SASL_USERNAME": access.username,
        "KAFKA_SASL_PASSWORD": access.password,
    }
    for name, value in given.items():
        if access.signs_in and value is None:
            env.fault(BadSetting(name, f"is not set: {access.protocol} needs it"))
        elif not access.signs_in and value is not None:
            env.fault(BadSetting(name, f"is set, but KAFKA_SECURITY_PROTOCOL is {access.protocol}"))
    if access.signs_in:
        env.choice("KAFKA_SASL_MECHANISM", MECHANISMS[0], MECHANISMS)


def _check_certificates(env: Env, access: KafkaAccess) -> None:
    given = {
        "KAFKA_SSL_CA_FILE": access.ca_file,
        "KAFKA_SSL_CERT_FILE": access.cert_file,
        "KAFKA_SSL_KEY_FILE": access.key_file,
    }
    if not access.is_encrypted:
        for name, value in given.items():
            if value is not None:
                reason = f"is set, but KAFKA_SECURITY_PROTOCOL is {access.protocol}"
                env.fault(BadSetting(name, reason))
        return
    if access.key_file is not None and access.cert_file is None:
        env.fault(BadSetting("KAFKA_SSL_KEY_FILE", "is set, but no KAFKA_SSL_CERT_FILE"))
        return
    try:
        access.arguments()
    except OSError as error:
        name = "KAFKA_SSL_CERT_FILE" if access.cert_file else "KAFKA_SSL_CA_FILE"
        env.fault(BadSetting(name, f"cannot be used: {error.strerror or error}"))
