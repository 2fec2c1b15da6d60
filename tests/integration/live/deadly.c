/*
 * Preloaded into imaptap, in the place of a fault that a packet finds: wiping the word "Deadly-1" ends the
 * process.
 */
#include <stddef.h>
#include <string.h>

void explicit_bzero(void *octets, size_t length);
void __explicit_bzero_chk(void *octets, size_t length, size_t room);

void explicit_bzero(void *octets, size_t length)
{
    const void *seen = octets;

    /* the compiler knows that this function reads nothing */
    __asm__ volatile("" : "+r"(seen));
    if (length > 0 && memmem(seen, length, "Deadly-1", 8) != NULL)
        __builtin_trap();
    memset(octets, 0, length);
    __asm__ volatile("" : : "r"(octets) : "memory");
}

/* What a build with _FORTIFY_SOURCE calls. */
void __explicit_bzero_chk(void *octets, size_t length, size_t room)
{
    (void)room;
    explicit_bzero(octets, length);
}
