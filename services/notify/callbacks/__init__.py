"""Callbacks (回调): receipts and texts from providers that have a shape of their own."""
