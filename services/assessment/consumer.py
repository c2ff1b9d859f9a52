"""Which events this service listens to."""

from shared.consumer import Consumer

consumer = Consumer("assessment")
