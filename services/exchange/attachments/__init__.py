"""Attachments (附件): files of an inquiry, sealed in the database, sent by reference and hash."""
