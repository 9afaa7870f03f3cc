"""The pages of chats. They work without scripts; a script that sends `Accept: application/json` gets JSON."""
