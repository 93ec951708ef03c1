/* SPDX-License-Identifier: Apache-2.0
 *
 * page.h - the page a worker shares with the supervisor, so that whoever finds
 * it dead or late knows which document and which plugin it was in. The hard
 * rule: the worker writes, the supervisor reads, nobody waits.
 */
#ifndef WIRE_PAGE_H
#define WIRE_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum page_phase { PAGE_IDLE, PAGE_OPEN, PAGE_PROCESS, PAGE_CLOSE, PAGE_CORE };

#define PAGE_NOBODY UINT32_MAX

struct page {
    _Atomic uint64_t ticket;   /* the document, 0: none */
    _Atomic uint32_t entry;    /* index in the pipeline, or PAGE_NOBODY */
    _Atomic uint32_t phase;    /* enum page_phase */
    _Atomic uint64_t since_ms; /* CLOCK_MONOTONIC when entry and phase were set */
    _Atomic uint32_t limit_ms; /* the entry's timeout */
};

#endif
