/* SPDX-License-Identifier: Apache-2.0
 *
 * pretty_text.c - running text wrapped to the terminal, with stretches of it
 * marked. The hard rule of pretty.h holds: what is not printable is shown as a
 * space.
 */
#include "cli/pretty.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define INDENT "  "

/* A line of the text that is shorter stands by itself: a headline, a menu. A
 * longer one may be a wrapped paragraph, and is wrapped again. */
#define SHORT_LINE 50

/* The text being laid out: finished words go out, one word waits. */
struct layout {
    const struct pretty *p;
    char word[1024]; /* the word that waits, with its escapes */
    size_t n;
    int word_width, column, line;
    bool cut; /* the last line shown has been reached */
};

int pretty_width(const char *s)
{
    size_t n = strlen(s), i = 0;
    int width = 0;

    while (i < n) {
        int one = wcwidth((wchar_t)utf8_next(s, n, &i));
        width += one < 0 ? 1 : one;
    }
    return width;
}

static void add(struct layout *l, const char *s, size_t n)
{
    if (l->n + n < sizeof l->word) {
        memcpy(l->word + l->n, s, n);
        l->n += n;
    }
}

static void new_line(struct layout *l)
{
    l->line++;
    l->column = 0;
    l->cut = l->p->lines > 0 && l->line >= l->p->lines;
    if (!l->cut)
        fputc('\n', l->p->to);
}

/* Puts the waiting word on this line or the next. */
static void flush_word(struct layout *l)
{
    int room = l->p->width - (int)strlen(INDENT) - l->column;

    if (l->n && l->column && l->word_width + 1 > room)
        new_line(l);
    if (l->n && !l->cut) {
        fputs(l->column ? " " : INDENT, l->p->to);
        l->column += l->word_width + (l->column ? 1 : 0);
        fwrite(l->word, 1, l->n, l->p->to);
    }
    l->n = 0;
    l->word_width = 0;
}

static void style_word(struct layout *l, const char *style)
{
    add(l, "\033[", 2);
    add(l, style, strlen(style));
    add(l, "m", 1);
}

static void open_mark(struct layout *l, const struct pretty_mark *m)
{
    if (l->p->colour) {
        style_word(l, m->style);
        return;
    }
    add(l, "[", 1);
    l->word_width++;
}

static void close_mark(struct layout *l, const struct pretty_mark *m)
{
    if (l->p->colour) {
        style_word(l, "0");
        return;
    }
    add(l, " ", 1);
    add(l, m->label, strlen(m->label));
    add(l, "]", 1);
    l->word_width += 2 + (int)strlen(m->label);
}

/* One character of the text; a blank ends the word, a mark reaches over it. */
static void put_char(struct layout *l, uint32_t c, const char *bytes, size_t n,
                     const struct pretty_mark *inside)
{
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        if (inside && l->p->colour)
            style_word(l, "0");
        flush_word(l);
        if (inside && l->p->colour)
            style_word(l, inside->style);
        return;
    }
    int width = wcwidth((wchar_t)c);

    if (width < 0)
        bytes = "?", n = 1, width = 1;
    if (l->word_width + width > l->p->width - (int)strlen(INDENT))
        flush_word(l);
    add(l, bytes, n);
    l->word_width += width;
}

/* A blank line in the text, or its end. */
static void end_paragraph(struct layout *l)
{
    flush_word(l);
    if (l->column && !l->cut)
        new_line(l);
}

void pretty_text(const struct pretty *p, const char *text, const struct pretty_mark *marks,
                 size_t n_marks)
{
    struct layout l = {.p = p};
    size_t n = strlen(text), i = 0, at = 0, m = 0, line = 0;

    while (i < n && !l.cut) {
        size_t from = i;
        uint32_t c = utf8_next(text, n, &i);

        if (m < n_marks && at == marks[m].start)
            open_mark(&l, &marks[m]);
        put_char(&l, c, text + from, i - from,
                 m < n_marks && at > marks[m].start ? &marks[m] : NULL);
        at++;
        if (m < n_marks && at == marks[m].end)
            close_mark(&l, &marks[m++]);
        line++;
        if (c == '\n' && (line < SHORT_LINE || (i < n && text[i] == '\n')))
            end_paragraph(&l);
        if (c == '\n')
            line = 0;
    }
    end_paragraph(&l);
    if (l.cut && i < n)
        fprintf(p->to, "\n" INDENT "... %zu more characters\n", utf8_count(text + i, n - i));
}
