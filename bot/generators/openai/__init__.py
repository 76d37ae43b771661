"""OpenAI's chat protocol as it is spoken: the request that a server takes, and the wrappings of its answer."""
