"""Answers as models write them."""

RUSSIAN = """\
# Как работает **кэш** процессора

Кэш — это *быстрая* память между процессором и ОЗУ. Он хранит данные, к которым обращались **недавно**; \
подробнее — в [статье](https://ru.wikipedia.org/wiki/Кэш_процессора "Википедия").

## Уровни

1. **L1** — самый быстрый, около `32 КБ` на ядро.
2. **L2** — больше и медленнее:
   - обычно 256–1024 КБ;
   - свой у *каждого* ядра.
3. **L3** — общий.

| Уровень | Размер | Задержка |
|:--------|-------:|:--------:|
| L1 | 32 КБ | 4 такта |
| L2 | 512 КБ | 12 тактов |
| L3 | 16 МБ | 40 тактов |

Среднее время доступа: $t = h \\cdot t_1 + (1 - h) \\cdot t_2$, где $h$ — доля попаданий. Или отдельно:

$$
t = \\sum_{i=1}^{n} h_i t_i
$$

> Совет: **не** оптимизируйте заранее.
> > «Преждевременная оптимизация — корень всех зол».

```python
def walk(matrix: list[list[int]]) -> int:
\ttotal = 0
    for row in matrix:  # построчно: данные лежат рядом
        total += sum(row)
    return total
```

---

- [x] измерить
- [ ] исправить

Итог: ~~магия~~ арифметика 🙂👍🏽. Цена — $5 или $10, формула `2*3*4` = 2*3*4, файл my_file_name.py, метод __init__.
"""

ENGLISH = """\
Sure! Here's how to deploy it.

### 1. Install the dependencies

Run the following command:

```bash
pip install -r requirements.txt
export TOKEN="abc_def_ghi"
```

If `pip` isn't found, see <https://pip.pypa.io/en/stable/installation/>
or [the guide](https://packaging.python.org/en/).

### 2. Configure

Edit `config.yaml`:

1. Open the file:
    ```yaml
    server:
      host: 0.0.0.0
      port: 8080
    ```
2. Save it, then **restart *everything*** with `systemctl restart app`.
    * On macOS, use `brew services`.
    * On Windows (5 < 6 && 7 > 2), use services.msc.

| Option | What it does and why you would ever want to change it | Default |
|---|---|---|
| `host` | The address that the server listens on, be careful with public ones | `0.0.0.0` |
| `port` | The port; see [IANA](https://www.iana.org/assignments) | 8080 |

The complexity is \\(O(n \\log n)\\), that is:

\\[
T(n) = 2T\\left(\\frac{n}{2}\\right) + n
\\]

> **Note:** backups first!
> - really
> - `pg_dump` them

![diagram](https://example.com/diagram.png)

That's all[^1]. <b>Good luck</b> & have fun: *a*, _b_, **c**, ~~d~~!

[^1]: Most of the time.
"""

ASIAN = """\
## 概要

这是一个**重要**的例子。请看`代码`。

| 名前 | 値段 |
|---|---|
| りんご | 120円 |
| バナナ 🍌 | 80円 |

1. 第一步
2. 第二步
"""

SAMPLES = {"russian": RUSSIAN, "english": ENGLISH, "asian": ASIAN}
