"""Logins of persons (账号绑定): the desk has seen her id card, her login opens her records."""
