/* SPDX-License-Identifier: Apache-2.0
 *
 * object/elf.c - is a file whole enough to be given to dlopen? The hard rule:
 * nothing is believed of a header that the file's size does not bear out. */
#include "object/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Our own head, by the linker: what this machine is. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int read_at(int fd, void *to, size_t n, uint64_t at)
{
    return pread(fd, to, n, (off_t)at) == (ssize_t)n ? 0 : -1;
}

/* The section headers, which dlopen does without, are what a linker writes last: where
 * they are missing, something before them may be. */
static int check_segments(int fd, const ElfW(Ehdr) * head, uint64_t size, struct fault *f)
{
    static const char cut[] = "is cut short: copy it again (to another name, then rename it)";
    uint64_t sections = (uint64_t)head->e_shnum * head->e_shentsize;

    if (sections > size || head->e_shoff > size - sections)
        return fault_set(f, "%s", cut);
    for (unsigned i = 0; i < head->e_phnum; i++) {
        ElfW(Phdr) seg;
        uint64_t at = head->e_phoff + (uint64_t)i * sizeof seg;

        if (at > size || read_at(fd, &seg, sizeof seg, at) < 0 || seg.p_filesz > size ||
            seg.p_offset > size - seg.p_filesz)
            return fault_set(f, "%s", cut);
    }
    return 0;
}

int elf_check_fd(int fd, struct fault *f)
{
    struct stat st;
    ElfW(Ehdr) head;

    if (fd < 0 || fstat(fd, &st) < 0)
        return fault_set(f, "can't be opened: %s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fault_set(f, "is not a file");
    if (st.st_size > ELF_BYTES)
        return fault_set(
            f,
            "has %jd MiB, which is above the %d a plugin's file may have: move what is "
            "large to a file it maps, or to a library it is linked with",
            (intmax_t)(st.st_size >> 20), ELF_BYTES >> 20);
    if (read_at(fd, &head, sizeof head, 0) < 0 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return fault_set(f, "is not a shared object: build it with -shared -fPIC");
    if (head.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        head.e_machine != __ehdr_start.e_machine || head.e_phentsize != sizeof(ElfW(Phdr)))
        return fault_set(f, "is built for another kind of machine: build it for this one");
    return check_segments(fd, &head, (uint64_t)st.st_size, f);
}

int elf_check(const char *file, struct fault *f)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc = elf_check_fd(fd, f);

    if (fd >= 0)
        close(fd);
    return rc;
}
