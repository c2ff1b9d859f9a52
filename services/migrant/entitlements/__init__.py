"""Entitlements (应享服务): what a migrant can get here, where, with which papers."""
