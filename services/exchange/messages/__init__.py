"""Messages (报文): accepted durably, signed, sent until receipted, applied once."""
