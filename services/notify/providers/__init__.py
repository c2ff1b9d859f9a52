"""Providers (短信服务商): who carries the texts."""
