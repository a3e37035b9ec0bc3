#include "app/commands.hpp"

int main(int argc, char** argv) { return ballast::command_line(argc, argv); }
