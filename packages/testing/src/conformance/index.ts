export { testProvider } from './provider.ts';
export type { ExchangeFixture, ProviderFixtures } from './provider-fixtures.ts';
