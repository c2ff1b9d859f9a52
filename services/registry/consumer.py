"""Which events the registry listens to."""

from shared.consumer import Consumer

consumer = Consumer("registry")
