"""The queue of messages on their way out (发送队列): looked at, and moved by an operator."""
