"""Messages (短信): accepted with leave, sent once, their fate known."""
