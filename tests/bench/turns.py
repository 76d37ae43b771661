"""x"""


async def main() -> int:
    return 0
