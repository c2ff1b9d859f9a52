"""The server parameters of the box: a small footprint, and no personal data in any log."""

from collections.abc import Mapping

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",  # a week of files, each overwritten by the next week's
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # Personal data must not reach a log: no statements, no parameters, no DETAIL lines. An error's
    # first line may quote a value too ("invalid input syntax for type date: …"), and the client
    # gets it anyway, so the log starts at level LOG, which is above ERROR.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
