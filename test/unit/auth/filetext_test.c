/* filetext_test.c - files that can be read, and those that cannot. */
#include "auth/filetext.h"
#include "check.h"

static char path[] = "/tmp/mogi-filetext-XXXXXX";

static void file_write(const char *text)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(text, 1, strlen(text), file) == strlen(text));
    REQUIRE(fclose(file) == 0);
}

static void a_file_is_read(void)
{
    struct fault fault = {{0}};
    struct bytes text;
    file_write("0123456789");
    REQUIRE(filetext_read(path, 10, &text, &fault) == OK);
    CHECK_BYTES(text.data, text.size, "0123456789", 10);
    CHECK_EQ(text.data[10], 0);
    filetext_free(text);
    file_write("");
    REQUIRE(filetext_read(path, 10, &text, &fault) == OK);
    CHECK_EQ(text.size, 0);
    filetext_free(text);
    CHECK_STR(fault.text, "");
}

static void others_are_refused(void)
{
    struct fault fault = {{0}};
    struct bytes text;
    file_write("0123456789");
    CHECK_EQ(filetext_read(path, 9, &text, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, "larger than 9 bytes") != NULL);
    CHECK_EQ(filetext_read("/tmp", 9, &text, &fault), ERR_CONFIG);
    CHECK_STR(fault.text, "it is a folder");
    CHECK_EQ(filetext_read("/no/such/file", 9, &text, &fault), ERR_IO);
    CHECK_STR(fault.text, "No such file or directory");
    CHECK(text.data == NULL);
    filetext_free(text);
}

int main(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    RUN(a_file_is_read);
    RUN(others_are_refused);
    unlink(path);
    return check_result();
}
