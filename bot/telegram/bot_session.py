"""aiogram's session to Telegram, or to another Bot API server, through any proxy."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import aiohttp
from aiogram import Bot, methods
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNetworkError
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientSession, FormData
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from pydantic import SecretStr

from bot.net.connections import tunnel
from bot.net.proxy_url import ProxyURL, parse_proxy
from bot.telegram.form_fields import NotPlain, form_fields

TELEGRAM_ERRORS = (TelegramAPIError, ClientDecodeError)
"""Errors of a call that Telegram refuses, or to which something in between answers with a page of HTML."""


_NO_CONNECTION = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    ProxyConnectionError,
    ProxyError,
    ProxyTimeoutError,
)
"""Errors before a request has left: nobody listens, TLS is not trusted, a proxy gets no further."""


_UNREAD = (
    methods.EditMessageText
    | methods.EditMessageReplyMarkup
    | methods.SendMessageDraft
    | methods.SendChatAction
    | methods.SetMessageReaction
    | methods.AnswerCallbackQuery
    | methods.DeleteMessages
)
"""Methods of whose answer nobody reads more than that they were done."""


class NotConnected(TelegramNetworkError):
    """No connection was made, so nothing was sent: the call may be made again."""


class TolerantSession(AiohttpSession):
    """aiogram's session, for answers that aiogram itself stumbles over: an error without a description.

    It also tells a call that never left from one whose outcome is unknown, and neither copies what is sent nor reads of
    an answer what nobody asks for.
    """

    def __init__(self, *, api: TelegramAPIServer = PRODUCTION) -> None:
        super().__init__(api=api)
        self._kept: dict[Any, object] = {}

    def build_form_data(self, bot: Bot, method: TelegramMethod[TelegramType]) -> FormData:
        """Write a call's fields."""
        try:
            fields = form_fields(method, bot.default, self.json_dumps)
        except NotPlain:
            return super().build_form_data(bot, method)
        form = FormData(quote_fields=False)
        for name, value in fields.items():
            form.add_field(name, value)
        return form

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's own signature
    ) -> TelegramType:
        """Make a call. Raises NotConnected where it never left."""
        try:
            return await super().make_request(bot, method, timeout)
        except TelegramNetworkError as error:
            if isinstance(error.__cause__, _NO_CONNECTION):
                raise NotConnected(method=method, message=error.message) from None
            raise
        except _NO_CONNECTION as error:  # of a proxy: aiogram knows only aiohttp's own
            raise NotConnected(method=method, message=f"{type(error).__name__}: the proxy failed") from None

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """Read an answer. What is wrong with it becomes ClientDecodeError: the outcome is unknown."""
        if status_code == HTTPStatus.OK and isinstance(method, _UNREAD) and self._says_done(content):
            done: Any = True
            return Response.model_construct(ok=True, result=done)
        # pydantic holds these by weak references only: they would be built anew, for up to 15 ms, again and again
        if method.__returning__ not in self._kept:
            self._kept[method.__returning__] = Response.__class_getitem__(method.__returning__)
        try:
            response = super().check_response(bot, method, status_code, content)
        except (TypeError, AttributeError) as error:
            raise ClientDecodeError("The answer has not the form of one", error, None) from None
        if response.result is None:
            raise ClientDecodeError("The answer has no result", ValueError("no result"), None)
        return response

    def _says_done(self, content: str) -> bool:
        """Tell whether an answer says, in a form that it may have, that the call was done."""
        try:
            answer: Any = self.json_loads(content)
        except (ValueError, RecursionError):
            return False
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            return False
        result = answer.get("result")
        return result is True or message_number(result) is not None


def message_number(result: object) -> int | None:
    """Give the number of the message that a call has written. None: it is no message."""
    number = result.get("message_id") if isinstance(result, dict) else None
    return number if type(number) is int and number >= 1 else None


class ProxiedSession(TolerantSession):
    """aiogram's session through any proxy that the settings accept: its own knows neither https nor socks5h ones."""

    def __init__(self, proxy: ProxyURL, api: TelegramAPIServer) -> None:
        super().__init__(api=api)
        self._route = proxy

    async def create_session(self) -> ClientSession:
        """Open the one client session, or give it."""
        if self._session is None or self._session.closed:
            self._session = ClientSession(connector=tunnel(self._route))
            self._should_reset_connector = False
        return self._session

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's own signature
    ) -> TelegramType:
        """Make a call. A proxy's failure becomes TelegramNetworkError, as every other failure of the network."""
        try:
            return await super().make_request(bot, method, timeout)
        except OSError as error:
            raise TelegramNetworkError(method=method, message=f"{type(error).__name__}: the proxy failed") from None


def make_bot(token: SecretStr, *, api_url: str | None = None, proxy: SecretStr | None = None) -> Bot:
    """Make aiogram's bot, for Telegram or for the Bot API server at `api_url`."""
    server = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
    session = (
        TolerantSession(api=server) if proxy is None else ProxiedSession(parse_proxy(proxy.get_secret_value()), server)
    )
    return Bot(token.get_secret_value(), session=session)
